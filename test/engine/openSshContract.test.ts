import { describe } from "vitest";
import { describeEngineContract } from "./contract/engineContract.ts";
import { openSshForContract } from "./contract/openSshContract.ts";

describe("openssh", () => {
  describeEngineContract(openSshForContract);
});
