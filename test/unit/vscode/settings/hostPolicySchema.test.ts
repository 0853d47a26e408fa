import { describe, expect, it } from "vitest";
import packageJson from "../../../../package.json" with { type: "json" };
import { engineNames } from "../../../../src/config/engineNames.ts";
import { hostPolicyRules, policyKeys } from "../../../../src/config/hostPolicies.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

const all: Readonly<Record<string, Schema>> = Object.assign(
  {},
  ...packageJson.contributes.configuration.map(({ properties }) => properties),
);
const hosts = packageJson.contributes.configuration[0]?.properties["sshSessions.hosts"]?.items?.properties;
const entries: Readonly<Record<string, Schema>> = Object.assign({}, hosts);

/** Values at the limits of the schema, and values just outside. */
function samples(schema: Schema): { readonly good: readonly unknown[]; readonly bad: readonly unknown[] } {
  const words = schema.enum ?? schema.anyOf?.flatMap((each) => each.enum ?? []);
  if (words !== undefined) {
    return { good: words, bad: ["other", 1, true, null, [], {}] };
  }
  switch (schema.type) {
    case "integer": {
      const { minimum = 0, maximum } = schema;
      return {
        good: [minimum, minimum + 1, ...(maximum === undefined ? [] : [maximum])],
        bad: [
          ...[minimum - 1, minimum + 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21],
          ...[String(minimum), true, null, [], {}],
          ...(maximum === undefined ? [] : [maximum + 1]),
        ],
      };
    }
    case "array":
      return { good: [[], ["-L 8080:localhost:80", "-D 1080"]], bad: ["8080", 1, true, null, {}] };
    case "boolean":
      return { good: [true, false], bad: ["true", 0, null, [], {}] };
    default:
      return { good: ["x"], bad: ["", "  ", 1, true, null, [], {}] };
  }
}

describe("the table of per-host values and package.json", () => {
  it("list the same values for an entry of sshSessions.hosts", () => {
    expect(
      Object.keys(entries)
        .filter((key) => key !== "pattern")
        .sort(),
    ).toEqual([...policyKeys].sort());
  });

  it.each(policyKeys)("agree on the values of %s", (key) => {
    const { parse, default: otherwise, setting } = hostPolicyRules[key];
    const schema = entries[key];
    expect(schema).toBeDefined();
    if (schema !== undefined) {
      const { good, bad } = samples(schema);
      expect(good.map((value) => parse(value))).toEqual(good);
      expect(bad.map((value) => parse(value))).toEqual(bad.map(() => undefined));
    }
    if (otherwise !== undefined) {
      expect(parse(otherwise)).toEqual(otherwise);
    }
    if (setting !== undefined) {
      const contributed = all[`sshSessions.${setting}`];
      expect(contributed?.default).toEqual(otherwise);
      expect([contributed?.type, contributed?.minimum, contributed?.enum]).toEqual([
        schema?.type,
        schema?.minimum,
        schema?.enum,
      ]);
    }
  });

  it("list every engine", () => {
    expect(entries["engine"]?.enum).toEqual(["auto", ...engineNames]);
  });

  it("have a command for persistent shells", () => {
    const command = { command: "dtach -A {name} bash" };
    expect(hostPolicyRules.persistence.parse(command)).toEqual(command);
    expect(hostPolicyRules.persistence.parse({ command: "dtach" })).toBeUndefined();
  });
});
