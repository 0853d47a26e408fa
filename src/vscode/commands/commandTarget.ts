/** What a command is about: the tree item it was called on, a host's name from a key binding, or nothing. No vscode. */
import type { HostEntry } from "../../config/configPorts.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { lifeByHost } from "../views/hostPresentation.ts";
import { isTreeNode } from "../views/treeNodes.ts";

/** The host that `argument` names; undefined: ask. */
export function hostOf(argument: unknown, masters: readonly MasterSnapshot[]): string | undefined {
  if (typeof argument === "string" && argument.trim() !== "") {
    return argument.trim();
  }
  if (!isTreeNode(argument)) {
    return undefined;
  }
  switch (argument.kind) {
    case "host":
      return argument.entry.alias;
    case "terminal":
      return argument.host;
    case "recentHost":
      return argument.spec;
    case "master":
      return masters.find(({ id }) => id === argument.id)?.spec;
    case "onServer":
    case "remoteSession":
    case "remoteNote":
      return masters.find(({ id }) => id === argument.masterId)?.spec;
    case "session":
      return masters.find(({ id }) => id === argument.masterId)?.sessions.find(({ id }) => id === argument.id)
        ?.spec;
    case "recentHosts":
    case "problem":
    case "before":
    case "history":
    case "endedSession":
      return undefined;
  }
}

/** The entry of the Hosts view that `argument` is. */
export function entryOf(argument: unknown): HostEntry | undefined {
  return isTreeNode(argument) && argument.kind === "host" ? argument.entry : undefined;
}

/** The ids of the masters and sessions that `argument` names; undefined: ask. For a host: its masters. */
export function liveIdsOf(argument: unknown, service: SessionService): readonly string[] | undefined {
  if (typeof argument === "string") {
    return [argument];
  }
  if (!isTreeNode(argument)) {
    return undefined;
  }
  switch (argument.kind) {
    case "host":
      return lifeByHost(service.masters()).get(argument.entry.alias)?.masterIds ?? [];
    case "recentHost":
      return lifeByHost(service.masters()).get(argument.spec)?.masterIds ?? [];
    case "master":
    case "session":
    case "endedSession":
      return [argument.id];
    case "terminal":
      return argument.sessionId === undefined ? [] : [argument.sessionId];
    case "recentHosts":
    case "problem":
    case "before":
    case "history":
    case "onServer":
    case "remoteSession":
    case "remoteNote":
      // What is not ours is not ended by what ends ours.
      return undefined;
  }
}

/** The master below or on which `argument` stands. */
export function masterIdOf(argument: unknown, service: SessionService): string | undefined {
  if (!isTreeNode(argument)) {
    return undefined;
  }
  switch (argument.kind) {
    case "master":
      return argument.id;
    case "session":
    case "onServer":
    case "remoteSession":
    case "remoteNote":
      return argument.masterId;
    case "host":
      return lifeByHost(service.masters()).get(argument.entry.alias)?.masterIds[0];
    case "terminal":
      return service.masters().find(({ sessions }) => sessions.some(({ id }) => id === argument.sessionId))
        ?.id;
    case "recentHost":
      return lifeByHost(service.masters()).get(argument.spec)?.masterIds[0];
    case "recentHosts":
    case "problem":
    case "before":
    case "history":
    case "endedSession":
      return undefined;
  }
}

/** How many sessions that have not ended go with these masters and sessions. */
export function sessionsAtStake(ids: readonly string[], masters: readonly MasterSnapshot[]): number {
  return masters.reduce(
    (sum, master) =>
      sum +
      master.sessions.filter(
        ({ id, state }) => state.kind !== "ended" && (ids.includes(id) || ids.includes(master.id)),
      ).length,
    0,
  );
}
