import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import published from "./rfc6962-vectors.json";
import {
  consistencyProof,
  emptyRoot,
  frontierAppend,
  frontierRoot,
  type Hash,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from "./tree";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// Inputs, roots and proofs published with certificate-transparency's reference implementation of RFC 6962.
const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const leaves = inputs.map((input) => leafHash(Buffer.from(input, "hex")));

const tree = fc
  .array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 })
  .map((items) => items.map((item) => leafHash(item)));

function bitFlipped(bytes: Hash, bit: number): Hash {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe("published vectors", () => {
  it("hashes a leaf and a node", () => {
    expect(hex(leafHash(Buffer.from("L123456")))).toBe(
      "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
    );
    expect(hex(nodeHash(Buffer.from("N123"), Buffer.from("N456")))).toBe(
      "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb",
    );
    expect(hex(emptyRoot())).toBe(roots[0]);
  });

  it("gives the root of each size, whole and by frontier", () => {
    let frontier: Hash[] = [];
    expect(hex(frontierRoot(frontier))).toBe(roots[0]);
    leaves.forEach((leaf, i) => {
      frontier = frontierAppend(frontier, i, leaf);
      expect(hex(frontierRoot(frontier))).toBe(roots[i + 1]);
      expect(hex(rootOf(leaves.slice(0, i + 1)))).toBe(roots[i + 1]);
    });
  });

  it("gives the published proofs", () => {
    expect(inclusionProof(leaves, 5).map(hex)).toEqual([
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(consistencyProof(leaves, 6).map(hex)).toEqual([
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(consistencyProof(leaves, 4, 4)).toEqual([]);
  });

  // Digest of all roots and proofs for sizes 1 to 33 over the leaves uint32be(i), computed in Python straight from
  // the recursive definitions MTH, PATH and SUBPROOF of RFC 6962 §2.1.
  it("agrees with an independent computation of every root and proof up to size 33", () => {
    const numbered = Array.from({ length: 33 }, (_, i) => {
      const leaf = Buffer.alloc(4);
      leaf.writeUInt32BE(i);
      return leafHash(leaf);
    });
    const all: Hash[] = [];
    for (let n = 1; n <= 33; n++) {
      all.push(rootOf(numbered.slice(0, n)));
      for (let m = 0; m < n; m++) all.push(...inclusionProof(numbered, m, n));
      for (let m = 1; m <= n; m++) all.push(...consistencyProof(numbered, m, n));
    }
    expect(hash("sha256", Buffer.concat(all))).toBe("c9513ef7e37e0c30447d7b6dd7a43b9671ce12e0fcaf7f11e65d44edad8de620");
  });
});

describe("the vectors of transparency-dev/merkle", () => {
  const read = (line: string) => {
    const [name, a, b, first, second, proof, answer] = line.split(" ");
    const at = (place: string | number) => Buffer.from(published.hashes[Number(place)]!, "base64");
    const path = (JSON.parse(proof!) as number[]).map(at);
    return { name, a: Number(a), b: Number(b), first: at(first!), second: at(second!), path, answer };
  };
  const answers = (lines: readonly string[], verify: (vector: ReturnType<typeof read>) => boolean) =>
    lines.map((line) => `${read(line).name}: ${verify(read(line)) ? "accepted" : "refused"}`);
  const expected = (lines: readonly string[]) => lines.map((line) => `${read(line).name}: ${read(line).answer}`);

  it("98 inclusion proofs get the published answer", () => {
    expect(published.inclusion).toHaveLength(98);
    const verify = ({ a, b, first, second, path }: ReturnType<typeof read>) =>
      verifyInclusion(second, a, b, path, first);
    expect(answers(published.inclusion, verify)).toEqual(expected(published.inclusion));
  });

  it("98 consistency proofs get the published answer, and those from size 0 are refused", () => {
    expect(published.consistency).toHaveLength(98);
    const verify = ({ a, b, first, second, path }: ReturnType<typeof read>) =>
      verifyConsistency(a, b, first, second, path);
    expect(answers(published.consistency, verify)).toEqual(expected(published.consistency));
    const fromNothing = published.consistency.map(read).filter(({ a }) => a === 0);
    expect(fromNothing).toHaveLength(9);
    expect(fromNothing.filter(verify)).toEqual([]);
  });
});

describe("proofs", () => {
  it("every true inclusion proof verifies, and no changed one does", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), fc.nat(), (hashes, a, b, bit) => {
        const size = (a % hashes.length) + 1;
        const index = b % size;
        const root = rootOf(hashes.slice(0, size));
        const proof = inclusionProof(hashes, index, size);
        const leaf = hashes[index]!;
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(bitFlipped(leaf, bit % 256), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof, bitFlipped(root, bit % 256))).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, root], root)).toBe(false);
        if (proof.length > 0) {
          const changed = proof.with(bit % proof.length, bitFlipped(proof[bit % proof.length]!, bit % 256));
          expect(verifyInclusion(leaf, index, size, changed, root)).toBe(false);
          expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
          expect(verifyInclusion(leaf, index, size, proof.slice(0, -1), root)).toBe(false);
        }
      }),
    );
  });

  it("every true consistency proof verifies, and no changed one does", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), fc.nat(), (hashes, a, b, bit) => {
        const second = (a % hashes.length) + 1;
        const first = (b % second) + 1;
        const older = rootOf(hashes.slice(0, first));
        const newer = rootOf(hashes.slice(0, second));
        const proof = consistencyProof(hashes, first, second);
        expect(verifyConsistency(first, second, older, newer, proof)).toBe(true);
        expect(verifyConsistency(first, second, bitFlipped(older, bit % 256), newer, proof)).toBe(false);
        expect(verifyConsistency(first, second, older, bitFlipped(newer, bit % 256), proof)).toBe(false);
        expect(verifyConsistency(first, second, older, newer, [...proof, newer])).toBe(false);
        if (proof.length > 0) {
          const changed = proof.with(bit % proof.length, bitFlipped(proof[bit % proof.length]!, bit % 256));
          expect(verifyConsistency(first, second, older, newer, changed)).toBe(false);
          expect(verifyConsistency(first, second, older, newer, proof.slice(0, -1))).toBe(false);
        }
      }),
    );
  });

  it("refuses what can't be proved", () => {
    expect(() => inclusionProof(leaves, 8)).toThrow(RangeError);
    expect(() => inclusionProof(leaves, 0, 9)).toThrow(RangeError);
    expect(() => inclusionProof(leaves, -1)).toThrow(RangeError);
    expect(() => consistencyProof(leaves, 0)).toThrow(RangeError);
    expect(() => consistencyProof(leaves, 5, 4)).toThrow(RangeError);
    expect(verifyInclusion(leaves[0]!, 0, Number.NaN, [], leaves[0]!)).toBe(false);
    expect(verifyInclusion(leaves[0]!, 0.5, 1, [], leaves[0]!)).toBe(false);
    expect(() => frontierAppend([], 1, leaves[0]!)).toThrow(RangeError);
  });
});
