//! What is kept between two uses, as far as there is room.

use std::collections::BTreeMap;

/// Things by the number of their segment.
#[derive(Debug)]
pub(super) struct Kept<T> {
    /// How many bytes more may be kept.
    room: u64,
    things: BTreeMap<usize, (u64, T)>,
}

impl<T> Kept<T> {
    pub(super) fn new(room: u64) -> Self {
        Self {
            room,
            things: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.things.get(&index).map(|(_, thing)| thing)
    }

    /// Keeps a thing of so many bytes in the place of what was kept of the segment, if there is room.
    pub(super) fn keep(&mut self, index: usize, bytes: u64, thing: T) {
        let _dropped = self.take(index);
        if let Some(room) = self.room.checked_sub(bytes) {
            self.room = room;
            self.things.insert(index, (bytes, thing));
        }
    }

    /// Gives a thing away, and its room free.
    pub(super) fn take(&mut self, index: usize) -> Option<T> {
        let (bytes, thing) = self.things.remove(&index)?;
        self.room = self.room.saturating_add(bytes);
        Some(thing)
    }

    /// So many segments, those of which most is kept first.
    pub(super) fn largest_first(&self, segments: usize) -> Vec<usize> {
        let bytes = |index: &usize| self.things.get(index).map_or(0, |(bytes, _)| *bytes);
        let mut order: Vec<usize> = (0..segments).collect();
        order.sort_by_key(|index| std::cmp::Reverse(bytes(index)));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut kept = Kept::new(10);
        kept.keep(0, 6, "a");
        kept.keep(1, 5, "b");
        kept.keep(2, 4, "c");
        assert_eq!(
            [0, 1, 2].map(|index| kept.get(index).copied()),
            [Some("a"), None, Some("c")]
        );
        assert_eq!(kept.take(0), Some("a"));
        assert_eq!(kept.take(0), None);
        // Its room is free once.
        kept.keep(1, 7, "b");
        assert_eq!(kept.get(1), None);
        kept.keep(1, 6, "b");
        assert_eq!(kept.get(1), Some(&"b"));
        // So is that of what something else takes the place of.
        kept.keep(1, 5, "d");
        kept.keep(0, 1, "e");
        assert_eq!([0, 1].map(|index| kept.get(index).copied()), [Some("e"), Some("d")]);
        assert_eq!(kept.largest_first(4), [1, 2, 0, 3]);
    }
}
