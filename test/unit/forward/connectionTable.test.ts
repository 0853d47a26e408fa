import { expect, test } from "vitest";
import { ConnectionTable } from "../../../src/forward/connectionTable.ts";
import { ManualClock } from "../../support/manualClock.ts";

test("counts connections whose target has sent nothing since they were made", () => {
  const table = new ConnectionTable(new ManualClock(), () => {});
  const [one, two, three] = ["a", "b", "c"].map((from) => table.begin(from, "db:5432"));
  expect(table.unanswered).toBe(0);
  one?.made();
  two?.made();
  one?.count("toTarget", 5);
  expect(table.unanswered).toBe(2);
  one?.count("fromTarget", 1);
  one?.count("fromTarget", 1);
  expect(table.unanswered).toBe(1);
  one?.end();
  two?.end();
  two?.end();
  three?.end(new Error("not made"));
  expect(table.unanswered).toBe(0);
});

test("a snapshot has the fields of a connection that are meant for users", () => {
  const table = new ConnectionTable(new ManualClock(), () => {});
  table.begin("127.0.0.1:5", undefined).made();
  const [connection] = table.snapshot().connections;
  expect(Object.keys(connection ?? {}).sort()).toEqual(["from", "id", "received", "sent", "since", "to"]);
});
