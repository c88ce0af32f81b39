import { listen } from "./page.js";

// The card of a caller is shown here too.
listen({}, () => {});
