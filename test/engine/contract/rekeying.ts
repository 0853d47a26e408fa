import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { EngineConnection } from "../../../src/engine/connectionEngine.ts";
import { collect, execSpec, never, run } from "./channels.ts";

/** Checks that bytes arrive complete in both directions while keys change. @param size bytes in each direction */
export async function survives(
  connection: EngineConnection,
  rekeys: number,
  size = 2_000_000,
): Promise<void> {
  const block = Buffer.alloc(size / 20, "0123456789abcdef");
  // Through a file instead of >(…), which not every shell supports.
  const channel = await connection.openSession(execSpec("sha256sum"), never());
  const ran = collect(channel);
  const sent = createHash("sha256");
  for (let count = 0; count < 20; count++) {
    if (count % Math.ceil(20 / rekeys) === 0) {
      connection.rekey();
    }
    sent.update(block);
    if (!channel.write(block)) {
      await new Promise<void>((resolve) => {
        const listening = channel.onDidDrain(() => {
          listening.dispose();
          resolve();
        });
      });
    }
  }
  channel.eof();
  const [down, up] = await Promise.all([run(connection, `head -c ${size} /dev/zero`), ran]);
  expect(up.stdout.slice(0, 64)).toBe(sent.digest("hex"));
  expect(down.stdout).toBe("\0".repeat(size));
}
