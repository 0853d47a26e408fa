import { describe, expect, it } from "vitest";
import { parseForward } from "../../../../src/config/forwardSpec.ts";
import { forwardChoices } from "../../../../src/vscode/prompts/forwardChoices.ts";

const labels = (typed: string, configured: readonly string[] = [], running: readonly string[] = []) =>
  forwardChoices(
    typed,
    "web1",
    configured.map(parseForward),
    running.map((text) => ({ spec: parseForward(text) })),
  ).map(({ label }) => label);

describe("the choices of Forward Port…", () => {
  it("show the beginning of each kind while nothing is typed", () => {
    expect(labels("")).toEqual([
      "8080:localhost:8080",
      "unix:/run/docker.sock",
      "-L 8080:localhost:8080",
      "-R 8080:localhost:8080",
      "-D 1080",
    ]);
  });

  it("do not repeat the typed text", () => {
    expect(labels("5432")).toEqual(["-L 5432:localhost:5432"]);
    expect(labels("5432:localhost:5432")).toEqual(["-L 5432:localhost:5432"]);
  });

  it("complete the typed beginning", () => {
    expect(labels("-R 90")).toEqual(["-R 90", "-R 90:localhost:90"]);
    expect(labels("unix:/r")).toContain("unix:/run/docker.sock");
  });

  it("offer nothing invalid", () => {
    expect(labels("99999")).toEqual(["99999"]);
    expect(forwardChoices("99999", "web1", [], [])[0]?.icon).toBe("warning");
  });

  it("offer forwards of ssh_config that do not run yet", () => {
    expect(labels("", ["7000:db:7000"])[0]).toBe("-L 7000:db:7000");
    expect(labels("", ["7000:db:7000"], ["7000:db:7000"])).not.toContain("-L 7000:db:7000");
  });
});
