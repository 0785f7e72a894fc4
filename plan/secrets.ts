const SECRET_NAME = /passw|secret|token|credential|api_?key|private_?key|webhook/i;
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY|^\w+:\/\/[^/@\s]+:[^/@\s]+@/;
/** What is named like a secret and says only where one is. */
const REFERENCE = /(file|path)$/i;

/**
 * Config values that look like secrets and are not encrypted.
 * @param raw stack config as text, keys without the project
 * @param encrypted whether a key's value is encrypted in the config file
 */
export function plainSecrets(
  raw: Record<string, string>,
  encrypted: (key: string) => boolean,
): string[] {
  const found: string[] = [];
  const visit = (path: string[], value: unknown): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit([...path, key], inner);
    } else if (typeof value === "string" && value !== "") {
      const name = path.at(-1) ?? "";
      const named = SECRET_NAME.test(name) && !REFERENCE.test(name);
      if (named || SECRET_VALUE.test(value)) {
        found.push(
          `${path.join(".")}: a secret in plain text; \`pulumi config set --secret --path '${path.join(".")}'\` encrypts it`,
        );
      }
    }
  };
  for (const [key, text] of Object.entries(raw)) {
    if (!encrypted(key)) visit([key], parse(text));
  }
  return found;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
