import { bool, msg, readString, str } from "../attack/support/hostilePackets.ts";
import type { HostilePeer } from "../attack/support/hostileServer.ts";

/** The behaviour of a server with a second factor on a phone. */
export interface Phone {
  pushes: number;
  /** Whether the user approves, after this many milliseconds. Undefined: the user has no access to the phone. */
  approvesAfter: number | undefined;
}

/** Accepts any key, asks for a confirmation on the phone, and serves sessions. */
export async function servePhone(peer: HostilePeer, phone: Phone): Promise<void> {
  await peer.startLogin();
  for (let isIn = false; !isIn; ) {
    const request = await peer.nextOf(50);
    if (request === undefined) {
      return;
    }
    const method = readString(request, readString(request, readString(request, 1).next).next);
    if (method.value.toString() !== "publickey") {
      peer.send(msg(51, str("publickey"), bool(false)));
    } else if (request[method.next] === 0) {
      const algorithm = readString(request, method.next + 1);
      peer.send(msg(60, str(algorithm.value), str(readString(request, algorithm.next).value)));
    } else {
      phone.pushes++;
      if (phone.approvesAfter === undefined) {
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, phone.approvesAfter));
      peer.send(msg(52));
      isIn = true;
    }
  }
  for (let message = await peer.next(); message !== undefined; message = await peer.next()) {
    if (message[0] === 90) {
      const sender = message.subarray(readString(message, 1).next).subarray(0, 4);
      peer.send(msg(91, sender, sender, Buffer.from([0, 16, 0, 0, 0, 0, 128, 0])));
    } else if (message[0] === 98) {
      const request = readString(message, 5);
      if (message[request.next] === 1) {
        peer.send(msg(99, message.subarray(1, 5)));
      }
    } else if (message[0] === 80) {
      peer.send(msg(82));
    }
  }
}
