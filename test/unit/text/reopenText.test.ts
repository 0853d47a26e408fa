import { expect, it } from "vitest";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { forwardsQuestion } from "../../../src/text/reopenText.ts";

const start = (...forwards: readonly (readonly [string, string])[]): string | undefined =>
  forwardsQuestion(forwards.map(([host, text]) => ({ host, spec: parseForward(text) }))).detail.split(
    ". ",
  )[0];

it("the question about forwards from before a reload names a host once if all are of it", () => {
  expect(start(["web1", "80"], ["web1", "-D 1080"])).toBe("-L 80:localhost:80, -D 1080 of web1");
  expect(start(["web1", "80"], ["web2", "-D 1080"])).toBe("-L 80:localhost:80 of web1, -D 1080 of web2");
});
