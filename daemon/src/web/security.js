import { editor } from "./editor.js";
import { listen, refresh } from "./page.js";

// what blocks is the engine: the stream tells when it has
editor({
  kind: "block", path: "/security/blocks", part: "blocks",
  write: ({ expires_in_s, ...body }) => ({ ...body, ...(expires_in_s && { expires_in_s: Number(expires_in_s) }) }),
});

const again = () => refresh("blocks");
listen({ "security.blocked": again, "security.unblocked": again }, again);
