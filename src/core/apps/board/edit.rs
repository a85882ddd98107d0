//! What a person does to the board, as writes to the document.

use std::collections::HashSet;

use kurbo::Rect;

use super::{
    formats::excalidraw::{Import, Imported},
    paint,
    properties::Property,
    scene::Scene,
    stroke::{Stroke, StrokeError, Track},
    table::{INK, ink, plain},
};
use crate::core::{
    doc::{
        id::Id,
        replica::Replica,
        table::{Value, Write},
    },
    json::Remark,
};

/// Grid of strokes from files: 1/64 of a board unit.
const IMPORT_BITS: u8 = 6;

/// `bits` as [`super::stroke::grid_bits`] gives them.
pub fn put(id: &Id, stroke: &Stroke, bits: u8) -> Result<Write, StrokeError> {
    let bytes = stroke.to_bytes(bits)?;
    Ok(Write::put(ink(id.clone()), Value::Bytes(bytes.into())))
}

pub fn erase(ids: impl IntoIterator<Item = Id>) -> Vec<Write> {
    ids.into_iter().map(|id| Write::clear(ink(id))).collect()
}

/// Gives elements a property.
pub fn set(ids: impl IntoIterator<Item = Id>, property: Property) -> Vec<Write> {
    ids.into_iter().map(|id| property.write(id)).collect()
}

/// What a file's strokes come to.
#[derive(Debug, Default)]
pub struct Merged {
    pub writes: Vec<Write>,
    /// Strokes that are the same here already.
    pub already: Vec<Remark>,
    pub changed: Vec<Remark>,
    pub skipped: Vec<Remark>,
    /// The box around all strokes of the file that are here by now.
    pub bounds: Option<Rect>,
}

/// A file's strokes on top of what is there, with their ids where those are free. What is the same here already is not
/// added again. `scene` shows `replica`.
pub fn merge(
    imported: Imported,
    scene: &Scene,
    replica: &Replica,
    rng: &mut fastrand::Rng,
) -> Merged {
    let mut merged = Merged {
        changed: imported.changed,
        skipped: imported.skipped,
        ..Merged::default()
    };
    let mut used = HashSet::new();
    for Import { index, id, stroke } in imported.strokes {
        let bounds = paint::bounds(&stroke);
        let shown = merged.bounds.map_or(bounds, |all| all.union(bounds));
        let id = match place(&id, &stroke, scene, &used) {
            Place::Taken => {
                merged.bounds = Some(shown);
                let why = "It is here already.".to_owned();
                merged.already.push(Remark { index, why });
                continue;
            }
            Place::Free(id) => id,
            Place::None => Id::random(rng),
        };
        let stroke = Stroke {
            z: scene.next_z().saturating_add(stroke.z),
            ..stroke
        };
        match put(&id, &stroke, IMPORT_BITS) {
            Ok(write) => {
                merged.bounds = Some(shown);
                merged.writes.extend(plain(replica, &id));
                merged.writes.push(write);
            }
            Err(_) => {
                merged.changed.retain(|remark| remark.index != index);
                merged.skipped.push(Remark {
                    index,
                    why: "It is larger, or has more points, than a stroke may have.".to_owned(),
                });
            }
        }
        used.insert(id);
    }
    merged
}

enum Place {
    Free(Id),
    /// By the very same stroke.
    Taken,
    None,
}

/// Under which id a stroke goes that has this one in its file, where others may have it, too.
fn place(id: &Id, stroke: &Stroke, scene: &Scene, used: &HashSet<Id>) -> Place {
    const TRIES: usize = 16;
    for number in 1..=TRIES {
        let id = id.numbered(number);
        let Some(there) = scene.get(&id) else {
            match used.contains(&id) {
                true => continue,
                false => return Place::Free(id),
            }
        };
        // A file from before it was moved or coloured has it, too.
        let looks = [there.stroke(), Stroke::from_bytes(there.ink()).ok()];
        if looks.iter().flatten().any(|there| is_same(there, stroke)) {
            return Place::Taken;
        }
    }
    Place::None
}

/// Whether two strokes look the same, on whatever grids they are kept.
fn is_same(a: &Stroke, b: &Stroke) -> bool {
    let track = |stroke: &Stroke| Track::of(&stroke.samples, IMPORT_BITS, stroke.simulate_pressure);
    a.style == b.style && a.carried == b.carried && track(a) == track(b)
}

impl Merged {
    /// How many strokes came.
    pub fn added(&self) -> usize {
        let ink = self.writes.iter().filter(|write| write.key.table == INK);
        ink.count()
    }

    /// Whether all of the file came as it is.
    pub fn is_whole(&self) -> bool {
        self.skipped.is_empty() && self.changed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{formats::excalidraw, table},
        *,
    };
    use crate::core::{doc::replica::Replica, peer::PeerId};

    #[test]
    fn a_file_opened_twice_is_there_once_with_its_ids() {
        let stroke = |id: &str, to: u32| json!({"type": "freedraw", "id": id, "x": 0.3, "y": 0, "points": [[0, 0], [to, 9]]});
        let long: Vec<_> = (0..30_000).map(|n| (n, n % 7)).collect();
        let mut joined = stroke("long", 0);
        joined["points"] = json!(long);
        // Ids that ours cannot be, and none at all.
        let (mut numbered, long_id) = (stroke("", 3), stroke(&"\n".repeat(70), 4));
        let (mut nameless, mut other) = (stroke("", 5), stroke("", 6));
        numbered["id"] = json!(7);
        for element in [&mut nameless, &mut other] {
            element.as_object_mut().unwrap().remove("id");
        }
        let file = json!({"type": "excalidraw", "elements": [
            stroke("a", 9), stroke("a", 9), stroke("a", 8), stroke("b", 7), joined, {"type": "text"},
            numbered, long_id, nameless, nameless, other,
        ]});
        let (mut replica, mut rng) = (Replica::new(PeerId::FIRST), fastrand::Rng::with_seed(1));
        for (added, already) in [(11, 0), (0, 11), (0, 11)] {
            let scene = Scene::of(table::elements(&replica));
            let merged = merge(
                excalidraw::import(&file).unwrap(),
                &scene,
                &replica,
                &mut rng,
            );
            assert_eq!((merged.added(), merged.already.len()), (added, already));
            assert_eq!(merged.skipped.len(), 1);
            assert!(
                merged
                    .bounds
                    .is_some_and(|bounds| bounds.width() > 29_000.0)
            );
            replica.write(&merged.writes);
            assert_eq!(table::elements(&replica).len(), 11);
            assert!(table::element(&replica, &Id::parse("a").unwrap()).is_some());
        }
        // Another drawing that has the same ids keeps its own.
        let other = json!({"type": "excalidraw", "elements": [stroke("b", 1)]});
        for expected in [12, 12] {
            let scene = Scene::of(table::elements(&replica));
            let merged = merge(
                excalidraw::import(&other).unwrap(),
                &scene,
                &replica,
                &mut rng,
            );
            replica.write(&merged.writes);
            assert_eq!(table::elements(&replica).len(), expected);
        }
    }

    #[test]
    fn a_file_from_before_its_strokes_were_moved_is_here_already() {
        let file = json!({"type": "excalidraw", "elements": [
            {"type": "freedraw", "id": "a", "x": 3, "y": 0, "points": [[0, 0], [9, 9]]},
        ]});
        let (mut replica, mut rng) = (Replica::new(PeerId::FIRST), fastrand::Rng::with_seed(1));
        let mut merge = |replica: &mut Replica| {
            let scene = Scene::of(table::elements(replica));
            let merged = merge(
                excalidraw::import(&file).unwrap(),
                &scene,
                replica,
                &mut rng,
            );
            replica.write(&merged.writes);
            merged.added()
        };
        assert_eq!(merge(&mut replica), 1);
        let id = Id::parse("a").unwrap();
        replica.write(&set([id.clone()], Property::Offset((5.0, 5.0).into())));
        replica.write(&set([id], Property::Color([255, 0, 0])));
        assert_eq!(merge(&mut replica), 0);
    }

    #[test]
    fn erasing_empties_cells() {
        let mut replica = Replica::new(PeerId::FIRST);
        let id = Id::parse("a").unwrap();
        let write = Write {
            key: ink(id.clone()),
            value: Some(Value::Bytes([1].into())),
        };
        replica.write(&[write]);
        replica.write(&erase([id]));
        assert!(table::elements(&replica).is_empty());
    }
}
