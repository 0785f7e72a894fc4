import { Stack } from "../../site/stack";
import { plan } from "../../components/house";
import { SAMPLE_PORTAL } from "../../portal/catalogue";
import type { Case } from "../faults/cases";
import type { Client } from "../support/load/faultProtocol";
import { baseConfig, configure, parsed, stack } from "../support/site";
import { edit, takeBackEdits } from "./edits";

export type Values = Record<string, unknown>;

/** What changes may cost each client for each machine changed (s); a request of the web never fails. */
const LIMITS: Partial<Record<Client, number>> = { web: 1, redis: 3, sql: 1, sbatch: 5 };
export const USUAL = { limits: LIMITS, unharmed: ["web"] } satisfies Partial<Case>;

export const nothing = () => Promise.resolve();

/** `pulumi up`, and what it showed. */
export async function up(...args: string[]): Promise<string> {
  const shown: string[] = [];
  const told = new Stack(stack.name, (line) => {
    shown.push(line);
    console.log(`    ${line}`);
  });
  try {
    await told.up(...args);
  } catch (error) {
    throw new Error([(error as Error).message, ...shown].join("\n"));
  }
  return shown.join("\n");
}

/** The config is what it was, whatever was edited is taken back, and the site follows. */
export const takenBack = async (): Promise<void> => {
  takeBackEdits();
  configure();
  await up();
};

/** Does something that is to be taken back: also where it fails. @returns what takes it back */
export async function toTakeBack(work: () => Promise<unknown>): Promise<() => Promise<void>> {
  try {
    await work();
    return takenBack;
  } catch (error) {
    await takenBack().catch(nothing);
    throw error;
  }
}

/** A change of the config. */
export const config =
  (values: Values): Case["fault"] =>
  () =>
    toTakeBack(async () => {
      configure(values);
      await up();
    });

/** A change of a role. */
export const role =
  (...args: Parameters<typeof edit>): Case["fault"] =>
  () =>
    toTakeBack(async () => {
      edit(...args);
      await up();
    });

/** @throws when something succeeds, or fails for another reason */
export async function failsWith(reason: RegExp, work: () => Promise<unknown>): Promise<void> {
  const said = await work().then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (said === undefined) throw new Error(`not refused with ${reason}: it succeeded`);
  if (!reason.test(said)) throw new Error(`not refused with ${reason}: ${said}`);
}

/** A change that is refused: `up` fails with the reason, one machine at most is out, and the others serve. */
export const refused =
  (change: () => void, reason: RegExp): Case["fault"] =>
  () =>
    toTakeBack(async () => {
      change();
      await failsWith(reason, up);
    });

export const sizes = (tier: string, memoryMiB: number): Values => {
  const { sizes: all } = baseConfig() as { sizes: Record<string, Values> };
  return { sizes: { ...all, [tier]: { ...all[tier], memoryMiB } } };
};

/** The services of the portal, one of them with another wish. */
export const services = (name: string, wish: Values): Values => ({
  services: SAMPLE_PORTAL.map((s) => (s.name === name ? { ...s, ...wish } : s)),
});

/** The plan of the base state's config with changes. */
export const planned = (values: Values = {}): ReturnType<typeof plan> =>
  plan(parsed({ ...baseConfig(), ...values }));
