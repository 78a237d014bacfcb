//! The Merkle tree of RFC 6962 and RFC 9162, with SHA-256: roots, inclusion and consistency.

use sha2::{Digest, Sha256};

use crate::core::cost::units;

pub type Hash = [u8; 32];

/// The hash of a leaf; the byte keeps leaves and nodes apart.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0u8]).chain_update(leaf).finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1u8]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over hashes of leaves; the hash of nothing for an empty tree.
pub fn root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(split(hashes.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below n > 1.
fn split(n: usize) -> usize {
    n.div_ceil(2).next_power_of_two()
}

/// The audit path of leaf `index`, from the leaf upwards; empty if there is no such leaf.
pub fn inclusion_path(hashes: &[Hash], index: usize) -> Vec<Hash> {
    if hashes.len() < 2 || index >= hashes.len() {
        return Vec::new();
    }
    let k = split(hashes.len());
    let (left, right) = hashes.split_at(k);
    let (mut path, sibling) = if index < k {
        (inclusion_path(left, index), root(right))
    } else {
        (inclusion_path(right, index.saturating_sub(k)), root(left))
    };
    path.push(sibling);
    path
}

/// The proof that the first `first` leaves, at least 1 and at most all, are a prefix of all.
pub fn consistency_path(hashes: &[Hash], first: usize) -> Vec<Hash> {
    subproof(hashes, first, true)
}

fn subproof(hashes: &[Hash], first: usize, whole: bool) -> Vec<Hash> {
    if first >= hashes.len() {
        return if whole { Vec::new() } else { vec![root(hashes)] };
    }
    let k = split(hashes.len());
    let (left, right) = hashes.split_at(k);
    let (mut path, sibling) = if first <= k {
        (subproof(left, first, whole), root(right))
    } else {
        (subproof(right, first.saturating_sub(k), false), root(left))
    };
    path.push(sibling);
    path
}

/// RFC 9162, section 2.1.3.2: whether the leaf hash is at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), &'static str> {
    if index >= size {
        return Err("the index lies outside the tree");
    }
    let (mut place, mut last) = (index, size.saturating_sub(1));
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err("the path is too long");
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err("the path is too short");
    }
    if hash == *root { Ok(()) } else { Err("the path does not lead to the root") }
}

/// RFC 9162, section 2.1.4.2: whether the tree of `size1` leaves is a prefix of the tree of `size2` leaves.
pub fn verify_consistency(
    size1: u64,
    size2: u64,
    root1: &Hash,
    root2: &Hash,
    path: &[Hash],
) -> Result<(), &'static str> {
    if size1 == 0 || size1 > size2 {
        return Err("the first tree must hold at least one leaf, and no more than the second");
    }
    if size1 == size2 {
        return match (path.is_empty(), root1 == root2) {
            (true, true) => Ok(()),
            (false, _) => Err("the path of equal trees is empty"),
            (_, false) => Err("trees of one size have one root"),
        };
    }
    // A first tree that is a full power of two is in the path as its root, which the verifier knows.
    let known = [*root1];
    let mut nodes = if size1.is_power_of_two() { known.as_slice() } else { &[] }.iter().chain(path);
    let Some(first) = nodes.next() else { return Err("the path is empty") };
    let (mut place, mut last) = (size1.saturating_sub(1), size2.saturating_sub(1));
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for node in nodes {
        if last == 0 {
            return Err("the path is too long");
        }
        if place & 1 == 1 || place == last {
            old = node_hash(node, &old);
            new = node_hash(node, &new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, node);
        }
        place >>= 1;
        last >>= 1;
    }
    match (last == 0, old == *root1, new == *root2) {
        (true, true, true) => Ok(()),
        (false, ..) => Err("the path is too short"),
        (_, false, _) => Err("the path does not lead to the first root"),
        _ => Err("the path does not lead to the second root"),
    }
}

/// Cost of hashing leaves of `bytes` bytes together, and of the nodes above them.
pub fn work(leaves: usize, bytes: usize) -> u64 {
    units(leaves).saturating_mul(1_500).saturating_add(units(bytes).saturating_mul(5))
}
