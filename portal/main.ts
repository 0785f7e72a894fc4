import { application } from "./application";
import { MariaUsers } from "./database";
import { CATALOGUE } from "./catalogue";
import { parseEnvironment } from "./environment";
import { HealthWatch } from "./health";
import { RedisSessions } from "./redis";
import { SlurmJobs } from "./slurm";

/** Runs one service until SIGTERM: then what was asked is finished, WebSockets are closed, and it ends. */
async function main(name: string | undefined): Promise<void> {
  const names = CATALOGUE.map((s) => s.name);
  const service = names.find((s) => s === name);
  if (service === undefined) throw new Error(`usage: portal ${names.join("|")}`);
  const env = parseEnvironment(process.env);
  const sessions = new RedisSessions(env);
  const users = new MariaUsers(env);
  const watch = new HealthWatch({ redis: sessions, database: users });
  void watch.start();
  const { SLURM_REST_URL: url, SLURM_REST_SECRET: secret, SLURM_REST_API: api } = env;
  const app = await application({
    service,
    basePath: env.BASE_PATH,
    node: env.NODE_NAME,
    sessions,
    users,
    jobs: url !== undefined && secret !== undefined ? new SlurmJobs(url, secret, api) : undefined,
    health: () => watch.health,
  });
  await app.listen({ host: "0.0.0.0", port: env.PORT });
  const stop = async () => {
    await app.close();
    watch.close();
    sessions.close();
    await users.close();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void stop().then(() => process.exit(0)));
  }
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
