/** Forwards, in a fold below their connection; those without a connection in their own fold. */
import type { Clock } from "../../../base/clock.ts";
import { hostNames } from "../../../config/hostSpec.ts";
import type { ForwardService } from "../../../forward/forwardService.ts";
import type { ForwardSnapshot, LocalProgram } from "../../../forward/forwardTypes.ts";
import { clientProgram } from "../../../forward/portOwner.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import { spokenOn } from "../../../text/spokenText.ts";
import { forwardHover, presentForward, presentForwards } from "../forwardPresentation.ts";
import { atTop, type ItemPresentation, RowKind, under } from "../row.ts";
import { addressTarget, connectionTarget, hostTarget, TargetKind } from "../targets.ts";

/** A forward: its id. */
export const forwardTarget = new TargetKind<string>("forward");

export interface ForwardRowsInit {
  readonly forwards: Pick<ForwardService, "forwards" | "onDidChange">;
  readonly service: Pick<SessionService, "masters">;
  readonly clock: Clock;
  readonly home: string;
}

interface Fold {
  /** Undefined: for forwards without a connection. */
  readonly masterId: string | undefined;
  readonly spec: string | undefined;
  readonly shown: readonly ForwardSnapshot[];
}

/** The number of clients that are looked up for a hover: each costs a reading of /proc. */
const namedClients = 5;

/** What screen readers say, with the connection's address. */
function onConnection(
  shown: ItemPresentation,
  service: ForwardRowsInit["service"],
  masterId: string | undefined,
): ItemPresentation {
  const master = service.masters().find(({ id }) => id === masterId);
  return master === undefined
    ? shown
    : { ...shown, accessibleLabel: spokenOn(shown.accessibleLabel, master.destination) };
}

/** The connection below which it stands: its own, or else one to its host, with which it can start again. */
function placeOf(
  { masterId, host }: ForwardSnapshot,
  masters: readonly MasterSnapshot[],
): string | undefined {
  const { spec } = hostNames(host);
  const master =
    masters.find(({ id }) => id === masterId) ??
    masters.find((each) => each.spec === spec || each.sessions.some((session) => session.spec === spec));
  return master?.id;
}

export function forwardFolds(masters: RowKind<MasterSnapshot>, init: ForwardRowsInit): RowKind<Fold> {
  const { forwards, service } = init;
  const fold = (masterId: string | undefined, spec: string | undefined): readonly Fold[] => {
    const masters = service.masters();
    const shown = forwards.forwards().flatMap((forward) => {
      const place = placeOf(forward, masters);
      return place !== masterId
        ? []
        : [place === forward.masterId ? forward : { ...forward, masterId: place }];
    });
    return shown.length === 0 ? [] : [{ masterId, spec, shown }];
  };
  return new RowKind({
    name: "forwards",
    places: [under(masters, ({ id, spec }) => fold(id, spec)), atTop(() => fold(undefined, undefined))],
    key: ({ masterId }) => `forwards ${masterId ?? ""}`,
    present: ({ shown, masterId }) =>
      onConnection(presentForwards(shown, masterId !== undefined), service, masterId),
    targets: ({ masterId, spec }) => [
      ...(spec === undefined ? [] : [hostTarget.of(spec)]),
      ...(masterId === undefined ? [] : [connectionTarget.of(masterId)]),
    ],
    fold: () => "expanded",
    changes: [forwards.onDidChange],
  });
}

export function forwardRows(
  folds: RowKind<Fold>,
  { clock, home, service }: ForwardRowsInit,
): RowKind<ForwardSnapshot> {
  return new RowKind({
    name: "forward",
    places: [under(folds, ({ shown }) => shown)],
    key: ({ id }) => `forward ${id}`,
    present: (forward) => onConnection(presentForward(forward, clock.now(), home), service, forward.masterId),
    targets: ({ id, host, masterId, addresses: [address] }) => [
      forwardTarget.of(id),
      ...(address === undefined ? [] : [addressTarget.of(address)]),
      hostTarget.of(host),
      ...(masterId === undefined ? [] : [connectionTarget.of(masterId)]),
    ],
    hover: async (forward) => forwardHover(forward, clock.now(), home, await clientsOf(forward)),
    counts: true,
  });
}

/** The programs that opened the newest connections, if the system reports them. */
async function clientsOf({
  spec,
  port: listener,
  connections,
}: ForwardSnapshot): Promise<ReadonlyMap<number, LocalProgram>> {
  const found = new Map<number, LocalProgram>();
  if (spec.kind === "remote" || listener === undefined) {
    return found;
  }
  await Promise.all(
    connections.slice(0, namedClients).map(async ({ id, from }) => {
      const port = Number(/:(\d+)$/.exec(from ?? "")?.[1] ?? Number.NaN);
      const program = Number.isNaN(port) ? undefined : await clientProgram(port, listener);
      if (program !== undefined) {
        found.set(id, program);
      }
    }),
  );
  return found;
}
