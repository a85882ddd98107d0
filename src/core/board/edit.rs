//! What a person does to the board, as writes to the document.

use super::{
    formats::excalidraw::{Imported, Skipped},
    scene::Scene,
    stroke::{Stroke, StrokeError},
};
use crate::core::doc::schema::{Cell, Id, Value, Write};

/// Grid of strokes from files: 1/64 of a board unit.
const IMPORT_BITS: u8 = 6;

/// `bits` as [`super::stroke::grid_bits`] gives them.
pub fn put(id: &Id, stroke: &Stroke, bits: u8) -> Result<Write, StrokeError> {
    Ok(Write {
        cell: Cell::Ink(id.clone()),
        value: Some(Value::Bytes(stroke.to_bytes(bits)?.into())),
    })
}

pub fn erase(ids: impl IntoIterator<Item = Id>) -> Vec<Write> {
    let empty = |id| Write {
        cell: Cell::Ink(id),
        value: None,
    };
    ids.into_iter().map(empty).collect()
}

/// A file's strokes on top of what is there, with their ids where those are free.
pub fn merge(
    imported: Imported,
    scene: &Scene,
    rng: &mut fastrand::Rng,
) -> (Vec<Write>, Vec<Skipped>) {
    let mut skipped = imported.skipped;
    let mut used = std::collections::HashSet::new();
    let mut writes = Vec::new();
    for (index, (id, stroke)) in imported.strokes.into_iter().enumerate() {
        let free = id.filter(|id| scene.get(id).is_none() && !used.contains(id));
        let id = free.unwrap_or_else(|| Id::random(rng));
        let stroke = Stroke {
            z: scene.next_z().saturating_add(stroke.z),
            ..stroke
        };
        match put(&id, &stroke, IMPORT_BITS) {
            Ok(write) => writes.push(write),
            Err(error) => skipped.push(Skipped {
                index,
                why: error.to_string(),
            }),
        }
        used.insert(id);
    }
    (writes, skipped)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::formats::excalidraw, *};
    use crate::core::{doc::replica::Replica, peer::PeerId};

    #[test]
    fn a_file_opened_twice_is_there_twice_with_its_ids_once() {
        let stroke = |id: &str| json!({"type": "freedraw", "id": id, "x": 0, "y": 0, "points": [[0, 0], [9, 9]]});
        let file =
            json!({"type": "excalidraw", "elements": [stroke("a"), stroke("a"), stroke("b")]});
        let (mut replica, mut rng) = (Replica::new(PeerId::FIRST), fastrand::Rng::with_seed(1));
        for expected in [3, 6] {
            let scene = Scene::of(replica.inks());
            let (writes, skipped) = merge(excalidraw::import(&file).unwrap(), &scene, &mut rng);
            assert!(skipped.is_empty());
            replica.write(&writes);
            assert_eq!(replica.inks().len(), expected);
            assert!(replica.ink(&Id::parse("a").unwrap()).is_some());
            assert!(replica.ink(&Id::parse("b").unwrap()).is_some());
        }
    }

    #[test]
    fn erasing_empties_cells() {
        let mut replica = Replica::new(PeerId::FIRST);
        let id = Id::parse("a").unwrap();
        let write = Write {
            cell: Cell::Ink(id.clone()),
            value: Some(Value::Bytes([1].into())),
        };
        replica.write(&[write]);
        replica.write(&erase([id]));
        assert!(replica.inks().is_empty());
    }
}
