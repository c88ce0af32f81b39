import { listen, refresh } from "./page.js";

const again = () => refresh("book");
listen({ "staff.changed": again, "client.changed": again, "clients.changed": again }, again);
