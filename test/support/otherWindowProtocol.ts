/** With `--import`: this process speaks the next version of the protocol between windows. */
import { register } from "node:module";

register("./otherWindowProtocolHooks.ts", import.meta.url);
