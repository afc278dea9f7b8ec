//! Sums of parts, added up two by two in an order that does not depend on who adds.
//!
//! Part k is a leaf of a binary tree; two neighbouring nodes of 2^m parts, of which the left one begins at a
//! multiple of 2^(m+1), are added as soon as both are there. What a process with some consecutive parts can
//! add is so the same that one with all parts adds, bit by bit, and it has few nodes to tell the others: one
//! where its parts are 2^m from a multiple of 2^m on. What is left at the end is added from the right.

use std::iter::from_fn;
use std::ops::Range;

use crate::flow::SummedGradient;

/// The sums of some consecutive parts.
#[derive(Debug)]
pub(super) struct Node<const N: usize> {
    pub(super) parts: Range<usize>,
    pub(super) gradient: SummedGradient,
    pub(super) sums: [f64; N],
}

impl<const N: usize> Node<N> {
    /// Adds the node to the right; gives its memory back.
    fn add(&mut self, right: Self) -> SummedGradient {
        self.parts.end = right.parts.end;
        self.gradient.add(&right.gradient);
        for (sum, right) in self.sums.iter_mut().zip(right.sums) {
            *sum += right;
        }
        right.gradient
    }
}

/// Nodes from the left that have no neighbour to be added to yet.
#[derive(Debug)]
pub(super) struct Tree<const N: usize> {
    pub(super) nodes: Vec<Node<N>>,
}

impl<const N: usize> Tree<N> {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// Takes the next node; `spare` gets the memory that is not needed any more.
    pub(super) fn push(&mut self, mut node: Node<N>, spare: &mut Vec<SummedGradient>) {
        while let Some(mut left) = self.nodes.pop_if(|left| are_pair(&left.parts, &node.parts)) {
            spare.push(left.add(node));
            node = left;
        }
        self.nodes.push(node);
    }

    /// The sums of all parts; `None` of none.
    pub(super) fn root(mut self, spare: &mut Vec<SummedGradient>) -> Option<Node<N>> {
        let mut root = self.nodes.pop()?;
        while let Some(mut left) = self.nodes.pop() {
            spare.push(left.add(root));
            root = left;
        }
        Some(root)
    }
}

/// Whether two neighbours are added at once.
fn are_pair(left: &Range<usize>, right: &Range<usize>) -> bool {
    left.len() == right.len() && left.start.is_multiple_of(2 * left.len())
}

/// The nodes that are left of the parts of one process.
pub(super) fn nodes(parts: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut rest = parts;
    from_fn(move || {
        let most = rest.len().checked_ilog2()?;
        let size = 1 << rest.start.trailing_zeros().min(most);
        let node = rest.start..rest.start + size;
        rest.start = node.end;
        Some(node)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Flow, FlowConfig};

    fn leaf(flow: &Flow, part: usize) -> Node<1> {
        let mut gradient = SummedGradient::new(flow);
        let values =
            (0..SummedGradient::bytes(flow) / 4).map(|i| 1.0 / (3.0 + (i + 31 * part) as f32));
        let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        gradient.read(&bytes);
        Node {
            parts: part..part + 1,
            gradient,
            sums: [0.1 * part as f64],
        }
    }

    fn told<const N: usize>(flow: &Flow, node: &Node<N>) -> (Range<usize>, Vec<u8>, [u64; N]) {
        let mut bytes = vec![0; SummedGradient::bytes(flow)];
        node.gradient.write(&mut bytes);
        (node.parts.clone(), bytes, node.sums.map(f64::to_bits))
    }

    /// However parts are divided, their sum has the same bits, and each process has the nodes that the others
    /// expect.
    #[test]
    fn the_sum_does_not_depend_on_the_division() {
        let flow = Flow::new(2, &FlowConfig::default(), 1).unwrap();
        let mut spare = Vec::new();
        for parts in 1..=16 {
            let mut alone = Tree::new();
            (0..parts).for_each(|part| alone.push(leaf(&flow, part), &mut spare));
            let alone = told(&flow, &alone.root(&mut spare).unwrap());
            assert_eq!(alone.0, 0..parts);
            for ranks in 1..=parts + 1 {
                let mut all = Tree::new();
                for rank in 0..ranks {
                    let mine = parts * rank / ranks..parts * (rank + 1) / ranks;
                    let mut tree = Tree::new();
                    mine.clone()
                        .for_each(|part| tree.push(leaf(&flow, part), &mut spare));
                    let left: Vec<_> = tree.nodes.iter().map(|node| node.parts.clone()).collect();
                    assert_eq!(left, nodes(mine).collect::<Vec<_>>(), "{rank} of {ranks}");
                    for node in tree.nodes {
                        all.push(node, &mut spare);
                    }
                }
                let shared = told(&flow, &all.root(&mut spare).unwrap());
                assert!(shared == alone, "{parts} parts, {ranks} ranks");
            }
        }
    }

    /// Sums differ from those in f64 by their rounding alone.
    #[test]
    fn the_sum_is_that_of_all_parts() {
        let flow = Flow::new(2, &FlowConfig::default(), 1).unwrap();
        let mut expected = vec![0.0; flow.parameters().len()];
        let mut tree = Tree::new();
        let mut spare = Vec::new();
        for part in 0..13 {
            let mut values = vec![0.0; expected.len()];
            leaf(&flow, part).gradient.copy_to(&mut values);
            expected
                .iter_mut()
                .zip(values)
                .for_each(|(sum, v)| *sum += v);
            tree.push(leaf(&flow, part), &mut spare);
        }
        let root = tree.root(&mut spare).unwrap();
        let mut found = vec![0.0; expected.len()];
        root.gradient.copy_to(&mut found);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found / expected - 1.0).abs() < 3e-7, "{found} {expected}");
        }
    }
}
