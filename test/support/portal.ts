import { buildPortal } from "../../portal/build";

/** The sample portal, which the web nodes are to have; vitest builds it before the first test. */
export const setup = async (): Promise<void> => void (await buildPortal());
