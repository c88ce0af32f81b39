import { listen } from "./page.js";

listen({}, () => {});
