import type { ConnectionEvidence } from "./hungJudge.ts";
import type { ProcessTree } from "./processTree.ts";
import type { RemoteFacts, RemoteProcess, RemoteSocket, SshConnection } from "./remoteFacts.ts";

/** Finds the socket under an sshd: by the owner that the tool named, else by SSH_CONNECTION of what runs on it. */
export class SocketIndex {
  readonly #facts: RemoteFacts;
  readonly #tree: ProcessTree;
  /** The tool names owners for more than our own processes: our carrier's socket, which sshd's privileges hide, has one. */
  readonly #namesOwners: boolean;
  readonly #carrierListener: number | undefined;

  constructor(facts: RemoteFacts, tree: ProcessTree) {
    this.#facts = facts;
    this.#tree = tree;
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
      const socket = this.#facts.sockets?.find((other) => isEndOf(other, connection));
      if (socket !== undefined) {
        return { kind: "socket", socket };
      }
    }
    return this.#wouldBeListed(sshd, connection) ? { kind: "none" } : { kind: "unknown" };
  }

  /** `address port` of the client, as the server sees it. */
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
    return this.#facts.sockets?.find((socket) => socket.pids.some((pid) => pids.includes(pid)));
  }

  #environment(sshd: RemoteProcess): SshConnection | undefined {
    return this.#tree
      .children(sshd.pid)
      .map((child) => this.#facts.environments.get(child.pid))
      .find((connection) => connection !== undefined);
  }

  /**
   * Only sockets at our own server port were read, and only of our own network namespace (a container's sshd shows
   * among the processes and not among the sockets): the same listener as ours proves both.
   */
  #wouldBeListed(sshd: RemoteProcess, connection: SshConnection | undefined): boolean {
    const ours = this.#facts.connection;
    const carrierListed =
      ours !== undefined && (this.#facts.sockets?.some((socket) => isEndOf(socket, ours)) ?? false);
    if (!carrierListed || this.#tree.listenerOf(sshd) !== this.#carrierListener) {
      return false;
    }
    return connection === undefined ? this.#namesOwners : connection.serverPort === ours.serverPort;
  }
}

function isEndOf(socket: RemoteSocket, connection: SshConnection): boolean {
  return (
    socket.localPort === connection.serverPort &&
    socket.peerPort === connection.clientPort &&
    socket.peerAddress === connection.clientAddress
  );
}
