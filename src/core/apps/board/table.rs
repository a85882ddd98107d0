//! The board's tables. A row of `ink` is one stroke's bytes ([`super::stroke`]), written once and removed by erasing; what
//! changed about it later is in tables beside it ([`super::properties`]), so that moving a stroke never sends its points
//! again.

use std::sync::Arc;

use super::properties::{COLOR, OFFSET, Properties, WIDTH};
use crate::core::doc::{
    id::Id,
    replica::Replica,
    table::{Key, Name, Value, Write},
};

pub const INK: Name = Name::known("ink");

/// Ink, and one for each property.
pub static TABLES: [Name; 4] = [INK, OFFSET, COLOR, WIDTH];

pub fn properties() -> impl Iterator<Item = &'static Name> {
    TABLES.iter().filter(|table| **table != INK)
}

/// What an element is made of.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub ink: Arc<[u8]>,
    pub properties: Properties,
}

impl From<Arc<[u8]>> for Drawn {
    /// As it was drawn.
    fn from(ink: Arc<[u8]>) -> Self {
        let properties = Properties::default();
        Self { ink, properties }
    }
}

pub const fn ink(id: Id) -> Key {
    Key::value(INK, id)
}

pub fn element(replica: &Replica, id: &Id) -> Option<Drawn> {
    drawn(replica, id, replica.get(&ink(id.clone()))?)
}

/// All elements, in no order.
pub fn elements(replica: &Replica) -> Vec<(Id, Drawn)> {
    let inks = replica.values(&INK).into_iter();
    let elements = inks.filter_map(|(id, ink)| {
        let drawn = drawn(replica, &id, ink)?;
        Some((id, drawn))
    });
    elements.collect()
}

fn drawn(replica: &Replica, id: &Id, ink: Value) -> Option<Drawn> {
    let Value::Bytes(ink) = ink else {
        return None;
    };
    let mut properties = Properties::default();
    for table in self::properties() {
        if let Some(value) = replica.get(&property(table, id)) {
            properties.add(table, &value);
        }
    }
    Some(Drawn { ink, properties })
}

/// The edit that brings what `other` shows and `here` does not, as it looks there.
pub fn added(other: &Replica, here: &Replica) -> Vec<Write> {
    let mut writes = other.missing_in(here, &INK);
    let ids: Vec<_> = writes.iter().map(|write| write.key.id.clone()).collect();
    for id in &ids {
        for table in properties() {
            let key = property(table, id);
            let value = other.get(&key);
            // What was erased here may still have one.
            if value.is_some() || here.get(&key).is_some() {
                writes.push(Write { key, value });
            }
        }
    }
    writes
}

/// The edit that leaves no property of an element: one that was erased may still have some.
pub fn plain(replica: &Replica, id: &Id) -> Vec<Write> {
    let keys = properties().map(|table| property(table, id));
    let keys = keys.filter(|key| replica.get(key).is_some());
    keys.map(Write::clear).collect()
}

fn property(table: &Name, id: &Id) -> Key {
    Key::value(table.clone(), id.clone())
}

#[cfg(test)]
mod tests {
    use kurbo::{Point, Vec2};

    use super::{
        super::{properties::Property, scene::Scene, stroke::tests::line},
        *,
    };
    use crate::core::peer::PeerId;

    fn id(id: &str) -> Id {
        Id::parse(id).unwrap()
    }

    fn put(name: &str) -> Write {
        let bytes = line(1, Point::ORIGIN, 9.0);
        Write::put(ink(id(name)), Value::Bytes(bytes))
    }

    fn look(replica: &Replica, name: &str) -> Properties {
        element(replica, &id(name)).unwrap().properties
    }

    fn write(replica: &mut Replica, write: Write) -> Vec<u8> {
        replica.write(&[write]).unwrap().update
    }

    #[test]
    fn of_two_people_who_change_different_properties_both_win() {
        let mut pages = [1, 2].map(|n| Replica::new(PeerId::from_random(n)));
        let [a, b] = &mut pages;
        let drawn = write(a, put("s"));
        b.apply(&drawn).unwrap();
        // Neither has seen the other's, and both are the first of their kind.
        let moved = write(a, Property::Offset(Vec2::new(3.0, 4.0)).write(id("s")));
        assert!(moved.len() < 100, "{} bytes", moved.len());
        let red = write(b, Property::Color([255, 0, 0]).write(id("s")));
        a.apply(&red).unwrap();
        b.apply(&moved).unwrap();
        assert_eq!(look(a, "s"), look(b, "s"));
        let scene = Scene::of(elements(a));
        let shown = scene.get(&id("s")).unwrap().stroke().unwrap();
        assert_eq!(shown.style.color, [255, 0, 0]);
        assert_eq!(shown.samples[0].at, Point::new(3.0, 4.0));
    }

    #[test]
    fn what_another_copy_has_comes_as_it_looks_there() {
        let [mut here, mut other] = [1, 2].map(|n| Replica::new(PeerId::from_random(n)));
        let write = |replica: &mut Replica, write| replica.write(&[write]).map(drop);
        for replica in [&mut here, &mut other] {
            write(replica, put("both"));
        }
        write(&mut other, put("new"));
        write(&mut other, Property::Width(7.0).write(id("new")));
        write(&mut other, Property::Width(7.0).write(id("both")));
        // It was here, was moved, and is erased.
        write(
            &mut here,
            Property::Offset(Vec2::new(1.0, 1.0)).write(id("new")),
        );
        let writes = added(&other, &here);
        here.write(&writes);
        assert_eq!(look(&here, "new"), look(&other, "new"));
        assert_eq!(look(&here, "both"), Properties::default(), "stays as it is");
        assert_eq!(added(&other, &here), []);
    }

    #[test]
    fn an_element_that_is_put_in_the_place_of_an_erased_one_has_none_of_its_properties() {
        let mut replica = Replica::new(PeerId::FIRST);
        replica.write(&[put("s"), Property::Width(7.0).write(id("s"))]);
        replica.write(&[Write::clear(ink(id("s")))]);
        let again = [plain(&replica, &id("s")), vec![put("s")]].concat();
        replica.write(&again);
        assert_eq!(look(&replica, "s"), Properties::default());
    }

    #[test]
    fn every_property_has_a_table_of_the_app() {
        let properties = [
            Property::Offset(Vec2::ZERO),
            Property::Color([0; 3]),
            Property::Width(1.0),
        ];
        let tables = properties.map(|property| property.write(id("s")).key.table);
        assert!(super::properties().eq(tables.iter()));
    }
}
