//! Moves boxes and bends sideways until frequent paths and long lines run straight.
//!
//! dagre decides layers and the order inside of them; both stay. What moves is x: the sum of weight × (difference of x)²
//! over all stretches of lines is lowered, layer by layer, with neighbours kept apart. For one layer that is isotonic
//! regression, which "pool adjacent violators" solves exactly (Barlow et al. 1972).

/// Something with a place in a layer: a box, or a bend of a line.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) x: f64,
    pub(super) layer: usize,
    /// Half of its width, with half of the gap to the next item.
    pub(super) half: f64,
}

/// A stretch of a line between two items of different layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How much it should run straight.
    pub(super) weight: f64,
}

/// More sweeps change nothing that can be seen.
const SWEEPS: usize = 40;

/// Moves the items.
pub(super) fn straighten(items: &mut [Item], stretches: &[Stretch]) {
    let layers = layers(items);
    let mut neighbours: Vec<Vec<(usize, f64)>> = vec![Vec::new(); items.len()];
    for stretch in stretches {
        neighbours[stretch.from].push((stretch.to, stretch.weight));
        neighbours[stretch.to].push((stretch.from, stretch.weight));
    }
    for sweep in 0..SWEEPS {
        for turn in 0..layers.len() {
            let layer = if sweep % 2 == 0 { turn } else { layers.len() - 1 - turn };
            settle(items, &layers[layer], &neighbours);
        }
    }
}

/// The items of every layer, from left to right.
fn layers(items: &[Item]) -> Vec<Vec<usize>> {
    let count = items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
    let mut layers = vec![Vec::new(); count];
    for (index, item) in items.iter().enumerate() {
        layers[item.layer].push(index);
    }
    for layer in &mut layers {
        layer.sort_by(|&a: &usize, &b: &usize| items[a].x.total_cmp(&items[b].x).then(a.cmp(&b)));
    }
    layers
}

/// Items that touch each other and move as one.
struct Block {
    members: usize,
    weight: f64,
    /// Weight × place of the first member.
    moment: f64,
}

impl Block {
    fn place(&self) -> f64 {
        self.moment / self.weight
    }
}

fn settle(items: &mut [Item], layer: &[usize], neighbours: &[Vec<(usize, f64)>]) {
    // Where each item would stand if the ones to its left had no width.
    let mut offsets = Vec::with_capacity(layer.len());
    let mut blocks: Vec<Block> = Vec::new();
    let mut offset = 0.0;
    for (index, &item) in layer.iter().enumerate() {
        if index > 0 {
            offset += items[layer[index - 1]].half + items[item].half;
        }
        offsets.push(offset);
        let weight: f64 = neighbours[item].iter().map(|(_, weight)| weight).sum();
        let wanted: f64 = neighbours[item].iter().map(|&(other, weight)| items[other].x * weight).sum();
        // What hangs on nothing stays where it is.
        let (weight, moment) = if weight > 0.0 { (weight, wanted) } else { (0.01, items[item].x * 0.01) };
        blocks.push(Block { members: 1, weight, moment: moment - weight * offset });
        merge(&mut blocks);
    }
    let places = blocks.iter().flat_map(|block| std::iter::repeat_n(block.place(), block.members));
    for ((&item, offset), place) in layer.iter().zip(offsets).zip(places) {
        items[item].x = place + offset;
    }
}

/// While the last block wants to stand left of the one before it, they become one.
fn merge(blocks: &mut Vec<Block>) {
    while let [.., before, last] = blocks.as_slice() {
        if before.place() <= last.place() {
            return;
        }
        let (members, weight, moment) = (last.members, last.weight, last.moment);
        blocks.pop();
        if let Some(block) = blocks.last_mut() {
            block.members += members;
            block.weight += weight;
            block.moment += moment;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(x: f64, layer: usize) -> Item {
        Item { x, layer, half: 10.0 }
    }

    #[test]
    fn a_chain_becomes_straight() {
        let mut items = vec![item(0.0, 0), item(50.0, 1), item(-20.0, 2)];
        let stretch = |from, to| Stretch { from, to, weight: 1.0 };
        straighten(&mut items, &[stretch(0, 1), stretch(1, 2)]);
        assert!((items[0].x - items[1].x).abs() < 0.1 && (items[1].x - items[2].x).abs() < 0.1, "{items:?}");
    }

    #[test]
    fn neighbours_keep_their_order_and_distance() {
        let mut items = vec![item(0.0, 0), item(0.0, 1), item(1.0, 1), item(2.0, 1)];
        let stretches = [1, 2, 3].map(|to| Stretch { from: 0, to, weight: 1.0 });
        straighten(&mut items, &stretches);
        assert!(items[2].x - items[1].x >= 19.99 && items[3].x - items[2].x >= 19.99, "{items:?}");
        assert!((items[2].x - items[0].x).abs() < 0.1, "the one in the middle is below: {items:?}");
    }
}
