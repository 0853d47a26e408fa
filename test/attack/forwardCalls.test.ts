import { expect } from "vitest";
import { SessionsApi } from "../../src/vscode/sshSessionsApi.ts";
import { freePort } from "../lab/freePort.ts";
import { testStack } from "../support/testStack.ts";
import { attack, defer, livingStack } from "./support/attackTest.ts";

/** An extension that calls the forwards of the API, with the user's consent, over a real connection. */

function api({ service, forwards }: Pick<ReturnType<typeof livingStack>, "service" | "forwards">): {
  readonly api: SessionsApi;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const require = async (host: string): Promise<void> => void asked.push(host);
  defer(() => {
    for (const { id } of forwards.forwards()) {
      forwards.stop(id);
    }
  });
  return { api: new SessionsApi(service, forwards, {} as never, {} as never, { require }), asked };
}

const fewCalls = { once: "a few calls at once" };

attack(
  "equal forwards that are requested at once are one, and each call resolves when it listens",
  fewCalls,
  async () => {
    const { api: caller } = api(livingStack());
    const port = await freePort();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => caller.forward("lab", `${port}:localhost:1`)),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(all.map(({ state }) => state.kind)).toEqual(all.map(() => "listening"));
    expect(caller.forwards()).toHaveLength(1);
  },
);

attack(
  "of different forwards at one port one listens, and the others name who has the port",
  fewCalls,
  async () => {
    const { api: caller } = api(livingStack());
    const port = await freePort();
    const all = await Promise.all(
      [1, 2, 3].map((target) => caller.forward("lab", `${port}:localhost:${target}`)),
    );
    const [first, ...others] = all.toSorted((one, other) => one.state.kind.localeCompare(other.state.kind));
    expect(first?.state.kind).toBe("listening");
    for (const { state } of others) {
      expect(state).toMatchObject({
        ...{ kind: "refused", error: { reason: "port-taken" } },
        owner: { pid: process.pid },
      });
    }
  },
);

attack(
  "texts that are no forwards are rejected with a typed error, without a question",
  fewCalls,
  async () => {
    const { api: caller, asked } = api(livingStack());
    const texts: readonly unknown[] = [
      ...[null, {}, "", ":", "65536:localhost:80", "-1", "8080:a\u001bb:80", "-o ProxyCommand=id"],
      ...[`8080:${"a".repeat(100_000)}:80`, `${"a".repeat(100_000)}:8080:localhost:80`, "1".repeat(100_000)],
    ];
    for (const text of texts) {
      const error: unknown = await caller.forward("lab", text as string).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "ForwardSpecError", reason: expect.any(String) });
    }
    expect(asked).toEqual([]);
  },
);

attack("calls to stop unknown forwards do nothing, and ask nothing", { size: 5_000 }, async (size) => {
  const { api: caller, asked } = api(livingStack());
  const ids: readonly unknown[] = ["f0", "f1e9", "", "__proto__", null, undefined, {}, 7];
  for (let call = 0; call < size; call += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, at) => caller.stop(ids[at % ids.length] as string).catch(() => {})),
    );
  }
  expect(asked).toEqual([]);
});

attack("an extension gets a thousand forwards, and a typed error for the next one", fewCalls, async () => {
  const stack = livingStack();
  const { api: caller } = api(stack);
  const reasons: unknown[] = [];
  for (let calls = 0; calls < 1_020; calls += 20) {
    const some = Array.from({ length: 20 }, (_, at) =>
      caller.forward("lab", `-L ${stack.folder}/${calls + at}:localhost:1`).then(
        () => "added",
        ({ reason }: { readonly reason?: unknown }) => reason,
      ),
    );
    reasons.push(...(await Promise.all(some)));
  }
  expect(reasons.filter((reason) => reason === "added")).toHaveLength(1_000);
  expect(reasons.slice(-20)).toEqual(Array.from({ length: 20 }, () => "too-many"));
});

attack("after the extension has ended, a forward does not start", fewCalls, async () => {
  const stack = await testStack(livingStack().settings.configFile ?? "");
  const { api: caller } = api(stack);
  await stack[Symbol.asyncDispose]();
  const port = await freePort();
  const result = await caller.forward("lab", `${port}:localhost:1`).then(
    ({ state }) => state.kind,
    () => "rejected",
  );
  expect(["stopped", "rejected"]).toContain(result);
  expect(caller.forwards()).toEqual([]);
  await caller.stop("f1");
});
