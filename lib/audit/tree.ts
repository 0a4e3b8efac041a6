import { hash } from "node:crypto";

/**
 * The Merkle tree of RFC 6962 §2 (the same as RFC 9162 §2.1 with SHA-256). A hash is 32 bytes; sizes and indices are
 * whole numbers from 0. Proof functions take the leaf hashes in index order; verifying needs the proof alone.
 */
export type Hash = Uint8Array;

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(leaf.length + 1);
  bytes[0] = 0;
  bytes.set(leaf, 1);
  return sha256(bytes);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Buffer {
  const bytes = Buffer.allocUnsafe(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256(bytes);
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Buffer {
  return sha256(new Uint8Array());
}

/**
 * The roots of the complete subtrees of a tree of `size` leaves, largest first: one for each 1 in the binary form of
 * `size`. It is all that is needed to go on appending. Returns the frontier of size + 1.
 */
export function frontierAppend(frontier: readonly Hash[], size: number, leaf: Hash): Hash[] {
  const next = [...frontier];
  let node = leaf;
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = next.pop();
    if (!left) throw new RangeError(`a frontier of ${frontier.length} hashes does not belong to size ${size}`);
    node = nodeHash(left, node);
  }
  next.push(node);
  return next;
}

/** The root of the tree that a frontier stands for. */
export function frontierRoot(frontier: readonly Hash[]): Buffer {
  let root = frontier.at(-1);
  if (!root) return emptyRoot();
  for (let i = frontier.length - 2; i >= 0; i--) root = nodeHash(frontier[i]!, root);
  return Buffer.from(root);
}

/** The largest power of two below n; n ≥ 2. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Root over leaves[from, to). */
function rangeRoot(leaves: readonly Hash[], from: number, to: number): Hash {
  let frontier: Hash[] = [];
  for (let i = from; i < to; i++) frontier = frontierAppend(frontier, i - from, leaves[i]!);
  return frontierRoot(frontier);
}

export function rootOf(leaves: readonly Hash[]): Hash {
  return rangeRoot(leaves, 0, leaves.length);
}

function whole(value: number, from: number, to: number): boolean {
  return Number.isSafeInteger(value) && value >= from && value <= to;
}

/** PATH(index, D[0:size]) of RFC 6962 §2.1.1. Throws RangeError unless 0 ≤ index < size ≤ leaves.length. */
export function inclusionProof(leaves: readonly Hash[], index: number, size = leaves.length): Hash[] {
  return inclusionProofs(leaves, [index], size)[0]!;
}

/** The proofs of several entries, in the order of `indices`, for the work of one: every node is hashed once. */
export function inclusionProofs(leaves: readonly Hash[], indices: readonly number[], size = leaves.length): Hash[][] {
  if (!whole(size, 1, leaves.length)) throw new RangeError(`there is no tree of ${size}`);
  for (const index of indices)
    if (!whole(index, 0, size - 1)) throw new RangeError(`there is no entry ${index} in a tree of ${size}`);
  const proofs = indices.map((): Hash[] => []);
  const walk = (from: number, to: number): Hash => {
    if (to - from === 1) return leaves[from]!;
    const middle = from + split(to - from);
    const left = walk(from, middle);
    const right = walk(middle, to);
    indices.forEach((index, i) => {
      if (index >= from && index < to) proofs[i]!.push(index < middle ? right : left);
    });
    return nodeHash(left, right);
  };
  walk(0, size);
  return proofs;
}

/** True when the proof shows that `leaf` stands at `index` of the tree of `size` with this root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (!whole(size, 1, Number.MAX_SAFE_INTEGER) || !whole(index, 0, size - 1) || leaf.length !== 32) return false;
  let fn = index;
  let sn = size - 1;
  let node = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(sibling, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(node, root);
}

/**
 * PROOF(first, D[0:second]) of RFC 6962 §2.1.2: that the tree of `second` leaves extends the tree of `first`.
 * Throws RangeError unless 0 < first ≤ second ≤ leaves.length.
 */
export function consistencyProof(leaves: readonly Hash[], first: number, second = leaves.length): Hash[] {
  if (!whole(second, 1, leaves.length) || !whole(first, 1, second))
    throw new RangeError(`there is no consistency proof from ${first} to ${second}`);
  const proof: Hash[] = [];
  let from = 0;
  let to = second;
  // The old tree's own root is left out while the walk has only gone left: the verifier knows it.
  let known = true;
  while (first !== to) {
    const middle = from + split(to - from);
    if (first <= middle) {
      proof.unshift(rangeRoot(leaves, middle, to));
      to = middle;
    } else {
      proof.unshift(rangeRoot(leaves, from, middle));
      from = middle;
      known = false;
    }
  }
  if (!known) proof.unshift(rangeRoot(leaves, from, to));
  return proof;
}

/** True when the proof shows that the tree (second, secondRoot) extends the tree (first, firstRoot) (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Hash,
  secondRoot: Hash,
  proof: readonly Hash[],
): boolean {
  if (!whole(second, 1, Number.MAX_SAFE_INTEGER) || !whole(first, 1, second)) return false;
  if (first === second) return proof.length === 0 && same(firstRoot, secondRoot);
  if (proof.length === 0) return false;
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  // When `first` is a power of two, its root is itself the first node of the path.
  const path = fn === 0 ? [firstRoot, ...proof] : proof;
  let older = path[0]!;
  let newer = older;
  for (const node of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      older = nodeHash(node, older);
      newer = nodeHash(node, newer);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      newer = nodeHash(newer, node);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(older, firstRoot) && same(newer, secondRoot);
}

export function same(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0;
}
