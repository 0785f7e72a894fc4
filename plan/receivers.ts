/** Who is told of alerts, as a config says it. */
import { z } from "zod";

/** A URL that messages are posted to; a secret, as it lets anybody post who knows it. */
export const receiverUrl = z.url({ protocol: /^https?$/ });

/** A mail server and who writes to whom by it; what `tls` means is each tier's own. */
export const mailKeys = {
  host: z.string().min(1),
  /** Default 587. */
  port: z.int().min(1).max(65535).default(587),
  user: z.string().min(1).optional(),
  /** A secret. */
  password: z.string().min(1).optional(),
  from: z.email(),
  to: z.array(z.email()).min(1),
};
