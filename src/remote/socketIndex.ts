import type { ConnectionEvidence } from "./hungJudge.ts";
import type { ProcessTree } from "./processTree.ts";
import type { RemoteFacts, RemoteProcess, RemoteSocket, SshConnection } from "./remoteFacts.ts";

/** Finds the socket of an sshd: by the owner that the tool listed, otherwise by SSH_CONNECTION of its programs. */
export class SocketIndex {
  readonly #facts: RemoteFacts;
  readonly #tree: ProcessTree;
  /** The tool lists owners of other users' processes: our carrier's socket, which sshd's privileges hide, has one. */
  readonly #namesOwners: boolean;
  readonly #carrierListener: number | undefined;
  readonly #carrierListed: boolean;
  /** The index of each socket in the list, by owner. */
  readonly #owned = new Map<number, number>();
  readonly #ends = new Map<string, RemoteSocket>();

  constructor(facts: RemoteFacts, tree: ProcessTree) {
    this.#facts = facts;
    this.#tree = tree;
    for (const [index, socket] of (facts.sockets ?? []).entries()) {
      for (const pid of socket.pids) {
        setFirst(this.#owned, pid, index);
      }
      setFirst(this.#ends, endsOf(socket.localPort, socket.peerAddress, socket.peerPort), socket);
    }
    this.#carrierListed = facts.connection !== undefined && this.#at(facts.connection) !== undefined;
    const carrierSshd = [...tree.carrier]
      .map((pid) => tree.get(pid))
      .find((process) => tree.role(process)?.kind === "session");
    this.#carrierListener = carrierSshd === undefined ? undefined : tree.listenerOf(carrierSshd);
    this.#namesOwners = carrierSshd !== undefined && this.#byOwner(carrierSshd) !== undefined;
  }

  of(sshd: RemoteProcess): ConnectionEvidence {
    const owned = this.#byOwner(sshd);
    if (owned !== undefined) {
      return { kind: "socket", socket: owned };
    }
    const connection = this.#environment(sshd);
    if (connection !== undefined) {
      const socket = this.#at(connection);
      if (socket !== undefined) {
        return { kind: "socket", socket };
      }
    }
    return this.#wouldBeListed(sshd, connection) ? { kind: "none" } : { kind: "unknown" };
  }

  /** `address port` of the client, from the server's side. */
  clientEnd(sshd: RemoteProcess): string | undefined {
    const evidence = this.of(sshd);
    const connection = this.#environment(sshd);
    if (evidence.kind === "socket") {
      return `${evidence.socket.peerAddress} ${evidence.socket.peerPort}`;
    }
    return connection === undefined ? undefined : `${connection.clientAddress} ${connection.clientPort}`;
  }

  #byOwner(sshd: RemoteProcess): RemoteSocket | undefined {
    const monitor = this.#tree.parent(sshd);
    const pids = [sshd.pid];
    if (monitor !== undefined && this.#tree.role(monitor)?.kind === "monitor") {
      pids.push(monitor.pid);
    }
    const places = pids.flatMap((pid) => this.#owned.get(pid) ?? []);
    return places.length === 0 ? undefined : this.#facts.sockets?.[Math.min(...places)];
  }

  #at({ serverPort, clientAddress, clientPort }: SshConnection): RemoteSocket | undefined {
    return this.#ends.get(endsOf(serverPort, clientAddress, clientPort));
  }

  #environment(sshd: RemoteProcess): SshConnection | undefined {
    return this.#tree
      .children(sshd.pid)
      .map((child) => this.#facts.environments.get(child.pid))
      .find((connection) => connection !== undefined);
  }

  /**
   * Only sockets at our own server port were read, and only in our own network namespace (a container's sshd is among
   * the processes and not among the sockets): the same listener as ours proves both.
   */
  #wouldBeListed(sshd: RemoteProcess, connection: SshConnection | undefined): boolean {
    const ours = this.#facts.connection;
    if (ours === undefined || !this.#carrierListed || this.#tree.listenerOf(sshd) !== this.#carrierListener) {
      return false;
    }
    return connection === undefined ? this.#namesOwners : connection.serverPort === ours.serverPort;
  }
}

function endsOf(serverPort: number, clientAddress: string, clientPort: number): string {
  return `${serverPort} ${clientAddress} ${clientPort}`;
}

function setFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) {
    map.set(key, value);
  }
}
