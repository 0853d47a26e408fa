import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Event } from "../../base/emitter.ts";
import type { SettingsPort } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import { entryPattern } from "../../forward/forwardEntries.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { PortOffers } from "../../forward/portOffers.ts";
import { isListenedHere } from "../../forward/portOwner.ts";
import { isOwnAddress } from "../../master/localAddresses.ts";
import { readListeningPorts } from "../../remote/listeningPorts.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { offerPort } from "../commands/offerPort.ts";
import type { ErrorPresenter } from "../prompts/errorPresenter.ts";
import { PortDetection, type VisibleTerminal } from "../serverView/portDetection.ts";
import type { RemoteAccesses } from "../serverView/remoteAccess.ts";
import type { TerminalPort } from "../terminals/sshPseudoterminal.ts";
import type { SshTerminal } from "../terminals/sshTerminals.ts";

export interface DetectPortsInit {
  readonly clock: Clock;
  readonly forwards: ForwardService;
  readonly settings: SettingsPort;
  readonly policies: HostPolicies;
  readonly presenter: ErrorPresenter;
  readonly service: Pick<SessionService, "session" | "masters" | "onDidChange">;
  readonly terminals: { active(): SshTerminal | undefined };
  /** A program in a terminal printed the address of a web server; perhaps not for the first time. */
  readonly onDidPrintPort: Event<TerminalPort>;
  readonly remoteAccess: Pick<RemoteAccesses, "find">;
}

/** Offers the ports that programs on servers print, or begin to listen on. */
export function detectPorts(init: DetectPortsInit): Disposable {
  const { clock, forwards, settings, policies, presenter, service, remoteAccess } = init;
  const store = new DisposableStore();
  const isOn = (host: string): boolean =>
    policies.get("forwardsDetect", { alias: entryPattern({ host }) }, settings.folder).value;
  const offers = new PortOffers({
    clock,
    isOn,
    forwards: () => forwards.forwards(),
    isHere: ({ masterId, port }) => {
      const address = service.masters().find(({ id }) => id === masterId)?.remoteAddress;
      // A container or a virtual machine may be behind an own address: then nothing listens there on this machine.
      return address !== undefined && isOwnAddress(address) ? isListenedHere(port) : undefined;
    },
    isGone: async ({ masterId, port }) => {
      const access = remoteAccess.find(masterId);
      const ports = access && (await readListeningPorts(access).catch(() => undefined));
      return ports?.every((each) => each.port !== port) ?? false;
    },
    offer: (port) => offerPort(port, { forwards, presenter }),
  });
  const detection = store.add(
    new PortDetection({
      clock,
      isOn,
      access: (masterId) => remoteAccess.find(masterId),
      visible: () => visibleTerminal(init),
      found: (terminal, { port, host: target }) =>
        offers.detected({ ...terminal, port, target, how: "listening" }),
    }),
  );
  store.add(
    init.onDidPrintPort(({ host, sessionId, port, scheme }) => {
      const masterId = service.session(sessionId)?.snapshot().masterId;
      if (masterId !== undefined) {
        offers.detected({ host, masterId, port, scheme, target: "localhost", how: "printed" });
      }
    }),
  );
  const update = (): void => detection.update();
  store.add(vscode.window.onDidChangeActiveTerminal(update));
  store.add(vscode.window.onDidChangeWindowState(update));
  store.add(service.onDidChange(update));
  store.add(settings.onDidChange(update));
  update();
  return store;
}

/** VS Code has no event for a hidden panel: a terminal counts as visible if it is the active one of a focused window. */
function visibleTerminal({ terminals, service }: DetectPortsInit): VisibleTerminal | undefined {
  const terminal = vscode.window.state.focused ? terminals.active() : undefined;
  const session = terminal?.sessionId === undefined ? undefined : service.session(terminal.sessionId);
  const { masterId, state } = session?.snapshot() ?? {};
  return terminal === undefined || masterId === undefined || state?.kind === "ended"
    ? undefined
    : { host: terminal.host, masterId };
}
