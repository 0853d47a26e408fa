import { expect, test } from "vitest";
import { browserAddress } from "../../../../src/vscode/commands/browserAddress.ts";

const both = ["127.0.0.1:8080", "[::1]:8080"];

test("a window without a remote machine opens the first address, and every address as loopback", () => {
  expect(browserAddress(both, "local")).toBe("127.0.0.1:8080");
  expect(browserAddress(["0.0.0.0:8080", "[::]:8080"], "local")).toBe("127.0.0.1:8080");
  expect(browserAddress(["[::]:8080"], "local")).toBe("[::1]:8080");
});

test("beside a remote machine, an address is opened that VS Code does not take for a port of that machine", () => {
  expect(browserAddress(both, "besideRemote")).toBe("[::1]:8080");
  expect(browserAddress(["127.0.0.2:8080"], "besideRemote")).toBe("127.0.0.2:8080");
  expect(browserAddress(["0.0.0.0:8080", "[::]:8080"], "besideRemote")).toBe("[::1]:8080");
});

test("beside a remote machine, no address is opened that VS Code takes for a port of that machine", () => {
  expect(browserAddress(["127.0.0.1:8080"], "besideRemote")).toBeUndefined();
  expect(browserAddress(["localhost:8080"], "besideRemote")).toBeUndefined();
  expect(browserAddress(["0.0.0.0:8080"], "besideRemote")).toBeUndefined();
});

test("on a remote machine, the address is opened that VS Code takes for a port of that machine", () => {
  expect(browserAddress(both, "onRemote")).toBe("127.0.0.1:8080");
  expect(browserAddress(["0.0.0.0:8080"], "onRemote")).toBe("127.0.0.1:8080");
  expect(browserAddress(["[::1]:8080"], "onRemote")).toBeUndefined();
});

test("a forward that listens nowhere has no address to open", () => {
  expect(browserAddress([], "local")).toBeUndefined();
});
