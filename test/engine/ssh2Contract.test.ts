import { describe } from "vitest";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { describeEngineContract } from "./contract/engineContract.ts";

describe("ssh2", () => {
  describeEngineContract(() => new Ssh2Engine());
});
