/** A window of the editor, in a process of its own: a whole stack and its terminal tabs, operated by `WindowProcess`. */
import { silentLogger } from "../../src/base/log.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { EveryTerminal } from "../../src/gateway/everyTerminal.ts";
import { keeperFailed } from "../../src/text/keeperText.ts";
import { AskedQuestions } from "./askedQuestions.ts";
import { LiveTab } from "./liveTab.ts";
import { pipePlaceOnLinux } from "./meetingPlaces.ts";
import { refusing, testStack } from "./testStack.ts";
import type { WindowReply, WindowRequest } from "./windowProcess.ts";

const [configFile = "", socketFolder = "", name = ""] = process.argv.slice(2);
let isOn = true;
const logger =
  process.env["WINDOW_LOG"] === undefined
    ? silentLogger
    : (Object.fromEntries(
        ["error", "warn", "info", "debug", "trace"].map((level) => [
          level,
          (text: string) => process.stderr.write(`${name} ${Date.now() % 1e6} ${level}: ${text}\n`),
        ]),
      ) as unknown as typeof silentLogger);
const questions = new AskedQuestions();
const mayAsk = process.env["WINDOW_QUESTIONS"] === "on";
const controlPaths = process.env["WINDOW_CONTROL_PATH"] === "on" ? refusing : undefined;
const over: Parameters<typeof testStack>[1] = {
  ...(mayAsk && { authPrompter: questions.prompter, hostKeyPrompter: questions.prompter }),
  logger,
  socketFolder,
  ...(process.env["WINDOW_PLACE"] === "pipes" && { meetingPlace: pipePlaceOnLinux(socketFolder, logger) }),
  sharesWithWindows: () => isOn,
  windowName: () => name,
  workspace: `workspace of ${name}`,
  keeper: {
    isOn: () => process.env["WINDOW_KEEPER"] === "on",
    staysAfterLogout: () => process.env["WINDOW_AFTER_LOGOUT"] === "on",
    build: process.env["WINDOW_BUILD"] ?? "test",
  },
};
const stack = await testStack(configFile, over, {}, controlPaths);
const tabs: LiveTab[] = [];
const told: string[] = [];
stack.keeper.onDidFail(({ host, error }) => told.push(keeperFailed(host, error)));

async function answer(request: WindowRequest): Promise<Partial<WindowReply>> {
  switch (request.do) {
    case "open": {
      const tab = new LiveTab(stack, request.command, "lab", request.keep);
      tabs.push(tab);
      if (request.waits !== false) {
        await tab.waitFor(request.command === undefined ? /[#$] ?$/ : /ready/);
      }
      return {};
    }
    case "type":
      tabs[request.tab]?.controller.input(request.text);
      await tabs[request.tab]?.waitFor(new RegExp(request.until));
      return {};
    case "reopened":
      await Promise.all(tabs.map((tab) => stateOf(tab, "open", request.times ?? 2)));
      return {};
    case "hurry":
      stack.service.onDidChange(() => {
        for (const { id, state } of stack.service.masters()) {
          if (state.kind === "reconnecting" && !state.attempting) {
            void stack.service.reconnectNow(id);
          }
        }
      });
      return {};
    case "end":
      await Promise.all(stack.service.masters().map(({ id }) => stack.service.disconnect(id)));
      return {};
    case "share":
      isOn = request.on;
      stack.settings.reload();
      return {};
    case "set":
      stack.settings.layers = { user: { reconnect: "never", ...request.user } };
      stack.settings.reload();
      return {};
    case "read": {
      const tab = tabs[request.tab];
      return { text: (await tab?.text()) ?? "", states: tab?.states ?? [] };
    }
    case "write":
      tabs[request.tab]?.controller.input(request.text);
      return {};
    case "stopKeeper":
      await stack.keeper.stop();
      return {};
    case "questions":
      return { asked: questions.asked, text: questions.open.join("\n") };
    case "answer":
      questions.answer(request.text);
      return {};
    case "shareWithPrograms":
      return { text: JSON.stringify(await stack.programs.turnOn()) };
    case "endProgram":
      stack.programs.end(request.program);
      return {};
    case "shareEverywhere": {
      const { includes } = request;
      await stack.programs.open(
        new EveryTerminal({ mode: "all", includes, configFile, logger: silentLogger, sockets: socketFolder }),
      );
      return {};
    }
    case "listKept":
      return { kept: (await stack.keeper.find()) ?? [], told };
    case "forward":
      await stack.forwards.start({
        host: "lab",
        spec: parseForward(request.text),
        origin: { kind: "person" },
      });
      return {};
    case "stopForwards":
      for (const { id } of stack.forwards.forwards()) {
        stack.forwards.stop(id);
      }
      return {};
    case "look": {
      const masters = stack.service
        .masters()
        .map(({ state, heldBy, sessions, keepalive, uses, overflow }) => ({
          ...{ state: state.kind, heldBy, sessions: sessions.length, keepalive, uses, overflow },
        }));
      const forwards = stack.forwards.forwards().map(({ state, openConnections }) => ({
        state: state.kind,
        servedBy: state.kind === "stopped" ? state.servedBy?.pid : undefined,
        openConnections,
      }));
      const programs = stack.programs.programs();
      return { masters, guests: stack.windows.windows(), programs, forwards };
    }
  }
}

/** Resolves when the tab has been in the state so often. */
async function stateOf(tab: LiveTab, kind: string, times: number): Promise<void> {
  while (tab.states.filter((state) => state === kind).length < times || tab.states.at(-1) !== kind) {
    await new Promise<void>((resolve) => {
      const watch = tab.controller.onDidChangeState(() => {
        watch.dispose();
        resolve();
      });
    });
  }
}

process.on("message", (request: WindowRequest) => {
  // The window may be closing, and nobody waits for the reply.
  const reply = (given: object): void => void process.send?.({ id: request.id, ...given }, () => {});
  answer(request).then(reply, (error: unknown) => reply({ error: String(error) }));
});
process.on("disconnect", () => {
  void Promise.resolve(stack[Symbol.asyncDispose]()).finally(() => process.exit(0));
});
process.send?.({ id: 0 });
