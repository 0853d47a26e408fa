import { describe, expect, it } from "vitest";
import { wireString } from "../../../src/base/wire.ts";
import { randomart } from "../../../src/trust/randomart.ts";
import { ed25519Blob, rsaBlob } from "../../support/publicKeys.ts";

const ecdsa256 =
  "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBgRWFd8uP9CGAaS6lVK8ROMtHkjvXHZoN1fgnLzTL9DdI0+ZI2H4od9MvZpucO3sriKrXuOcSbVFODCzp1BcrM=";
const ecdsa256Certificate =
  "AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgdihrTs2CjmCiAJrAHONubuYMxSVU/WEUN36BiyJMalEAAAAIbmlzdHAyNTYAAABBBBgRWFd8uP9CGAaS6lVK8ROMtHkjvXHZoN1fgnLzTL9DdI0+ZI2H4od9MvZpucO3sriKrXuOcSbVFODCzp1BcrMAAAAAAAAAAAAAAAIAAAACaWQAAAAAAAAAAAAAAAD//////////wAAAAAAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAgaJoASk6D41unlqwpnbXyVaVyr6zmD0g29q3GIS/J/wIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQBedlv/rL87HTXAnI3gAE0H+xFTpUlm49Wv0qw4Rr5nixhk/PSmpoVgfCshadIWj9RgosocsUGfEhyk3PMHNXQU=";
const ecdsa521 =
  "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBABHEl8xrkzwoJ8lxZoDlM2UPqXIuCiTjuHt0xHWq++qXjU8gDp+O8R5FOOu3EWWbBfo+PSYsc/KecfMjL2MyjEj3gCMV5gSiKWF135M+i+XM5Xs+IDsCsp+1rs3/f2vrysHNZbDwhRBYL6KYKrOyTi/PjZEet3cXTFWKrDaksKbaoJjTw==";
const securityKey = Buffer.concat(
  ["sk-ssh-ed25519@openssh.com", Buffer.alloc(32, 5), "ssh:"].map((part) => wireString(part)),
);

/** Output of `ssh-keygen -lv` of OpenSSH for these keys. */
const pictures: readonly (readonly [string, Buffer, string])[] = [
  [
    "Ed25519",
    ed25519Blob(9),
    `
+--[ED25519 256]--+
|         ..      |
|         o.      |
|          oo .. .|
|         .. . .E.|
|        S    o.o*|
|             .BBB|
|            .o*XB|
|            =.=B@|
|           . +O^O|
+----[SHA256]-----+`,
  ],
  [
    "Ed25519, with a square that is visited more often than there are symbols",
    ed25519Blob(18),
    `
+--[ED25519 256]--+
|            +o*@X|
|           .o=*B^|
|             +=B*|
|            ...o.|
|        S . . .  |
|     . . o .   . |
|    . o + .. ..  |
|    .o   +  = oo |
|   ..E    .. +o. |
+----[SHA256]-----+`,
  ],
  [
    "RSA",
    rsaBlob(3, 1024),
    `
+---[RSA 1024]----+
|             o*&#|
|             .=E&|
|          .   *O*|
|         . ..++=O|
|        S  ..oo*o|
|            ..  o|
|              + o|
|               *=|
|              ..*|
+----[SHA256]-----+`,
  ],
  [
    "ECDSA with 256 bits",
    Buffer.from(ecdsa256, "base64"),
    `
+---[ECDSA 256]---+
|               ..|
|              . .|
|             . . |
|          . . . o|
|        S. . B = |
|      ..... E @ .|
|     . o.... Ooo |
|      . +++.O++=.|
|       +=*== =@*.|
+----[SHA256]-----+`,
  ],
  [
    "ECDSA with 521 bits",
    Buffer.from(ecdsa521, "base64"),
    `
+---[ECDSA 521]---+
|  ..  o          |
|  .. + =         |
| .  o X + .      |
|  .. O B + o . . |
| .. = O S . o o  |
|.  = B @ .   .   |
|o.. o E o        |
|.o..   =         |
|+.      .        |
+----[SHA256]-----+`,
  ],
  [
    "a security key, whose title loses its bracket",
    securityKey,
    `
+[ED25519-SK 256]-+
|=o           .=B*|
|.+..        o.+OB|
|. * .o o . . +o+E|
| =o.o.o.= . . o..|
|oo.o o..S+ .   . |
|oo. o ..o        |
|o    o           |
|                 |
|                 |
+----[SHA256]-----+`,
  ],
];

describe("the randomart of a key", () => {
  it.each(pictures)("equals that of ssh-keygen -lv: %s", (_name, key, picture) => {
    expect(`\n${randomart(key).join("\n")}`).toBe(picture);
  });

  it("of a certificate has the certificate's name", () => {
    expect(randomart(Buffer.from(ecdsa256Certificate, "base64"))[0]).toBe("+[ECDSA-CERT 256]-+");
  });

  it("has no size in its title if both do not fit", () => {
    const type = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com";
    expect(randomart(wireString(type))[0]).toBe("+-[ECDSA-SK-CERT]-+");
    expect(randomart(wireString("sk-ssh-ed25519-cert-v01@openssh.com"))[0]).toBe("+[ED25519-SK-CERT-+");
  });

  it("of an unknown type has the title of an unknown key", () => {
    expect(randomart(Buffer.from("no key"))[0]).toBe("+----[unknown]----+");
    for (const type of ["ssh-ed25519@openssh.com-x", "ssh-@openssh.comed25519"]) {
      expect(randomart(wireString(type))[0]).toBe("+----[unknown]----+");
    }
  });
});
