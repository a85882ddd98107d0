//! All dry strokes, found by place: an R-tree over their boxes, painted in z-order.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use kurbo::{Point, Rect};
use rstar::{AABB, RTree, primitives::GeomWithData, primitives::Rectangle};

use super::{
    paint::{self, Fill},
    stroke::Stroke,
};
use crate::{core::doc::schema::Id, limits::OUTLINE_POINTS};

/// A stroke of the document. Its samples stay in their bytes, which take a tenth of the space.
#[derive(Debug)]
pub struct Element {
    pub id: Id,
    /// Holds all of its paint.
    pub bounds: Rect,
    z: u64,
    ink: Arc<[u8]>,
    fill: OnceCell<Fill>,
    outlines: Outlines,
}

/// How many points of outlines a scene may still keep.
#[derive(Clone, Debug)]
struct Outlines(Rc<Cell<usize>>);

impl Default for Outlines {
    fn default() -> Self {
        Self(Rc::new(Cell::new(OUTLINE_POINTS)))
    }
}

impl Element {
    /// None for bytes that do not read, as those of a newer version; they stay in the document.
    fn of(id: Id, ink: Arc<[u8]>, outlines: &Outlines) -> Option<Self> {
        let stroke = Stroke::from_bytes(&ink).ok()?;
        Some(Self {
            id,
            bounds: paint::bounds(&stroke),
            z: stroke.z,
            ink,
            fill: OnceCell::new(),
            outlines: outlines.clone(),
        })
    }

    /// Read anew each time.
    pub fn stroke(&self) -> Option<Stroke> {
        Stroke::from_bytes(&self.ink).ok()
    }

    /// The outline, worked out when first painted, and kept while the scene keeps few.
    pub fn fill(&self) -> Option<Cow<'_, Fill>> {
        if let Some(fill) = self.fill.get() {
            return Some(Cow::Borrowed(fill));
        }
        let fill = paint::fill(&self.stroke()?, true);
        let Outlines(left) = &self.outlines;
        Some(match left.get().checked_sub(fill.outline.len()) {
            Some(fewer) => {
                left.set(fewer);
                Cow::Borrowed(self.fill.get_or_init(|| fill))
            }
            None => Cow::Owned(fill),
        })
    }

    /// Elements are painted in this order.
    pub fn order(&self) -> (u64, &Id) {
        (self.z, &self.id)
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        let Outlines(left) = &self.outlines;
        left.set(left.get() + self.fill.get().map_or(0, |fill| fill.outline.len()));
    }
}

type Entry = GeomWithData<Rectangle<[f64; 2]>, Id>;

#[derive(Default)]
pub struct Scene {
    elements: HashMap<Id, Rc<Element>>,
    index: RTree<Entry>,
    /// What nothing is painted over.
    top: Option<Rc<Element>>,
    /// Under the eraser, not erased yet; a handful.
    fading: Vec<Id>,
    outlines: Outlines,
}

impl Scene {
    /// Everything at once that reads: the R-tree is packed, which is faster and better than one by one.
    pub fn of(inks: impl IntoIterator<Item = (Id, Arc<[u8]>)>) -> Self {
        let outlines = Outlines::default();
        let elements: HashMap<Id, Rc<Element>> = inks
            .into_iter()
            .filter_map(|(id, ink)| Some((id.clone(), Rc::new(Element::of(id, ink, &outlines)?))))
            .collect();
        Self {
            outlines,
            top: topmost(&elements),
            index: RTree::bulk_load(elements.values().map(|e| entry(e)).collect()),
            elements,
            fading: Vec::new(),
        }
    }

    /// Puts a stroke in, in place of one with the same id; none if it does not read.
    pub fn insert(&mut self, id: Id, ink: Arc<[u8]>) -> Option<Rc<Element>> {
        self.remove(&id);
        let element = Rc::new(Element::of(id.clone(), ink, &self.outlines)?);
        self.index.insert(entry(&element));
        let top = self.top.as_ref();
        if top.is_none_or(|top| top.order() <= element.order()) {
            self.top = Some(Rc::clone(&element));
        }
        self.elements.insert(id, Rc::clone(&element));
        Some(element)
    }

    /// Takes a stroke out; gives the box to paint anew.
    pub fn remove(&mut self, id: &Id) -> Option<Rect> {
        let element = self.elements.remove(id)?;
        self.index.remove(&entry(&element));
        if self.top.as_ref().is_some_and(|top| top.id == *id) {
            self.top = topmost(&self.elements);
        }
        self.fading.retain(|other| other != id);
        Some(element.bounds)
    }

    pub fn get(&self, id: &Id) -> Option<&Rc<Element>> {
        self.elements.get(id)
    }

    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// What nothing is painted over.
    pub fn top(&self) -> Option<Rc<Element>> {
        self.top.clone()
    }

    /// The z of the next stroke.
    pub fn next_z(&self) -> u64 {
        self.top.as_ref().map_or(1, |top| top.z.saturating_add(1))
    }

    /// What may show in `area`, in painting order.
    pub fn within(&self, area: Rect) -> Vec<Rc<Element>> {
        let envelope = AABB::from_corners([area.x0, area.y0], [area.x1, area.y1]);
        let found = self.index.locate_in_envelope_intersecting(&envelope);
        in_order(found.filter_map(|entry| self.elements.get(&entry.data)))
    }

    /// All elements in painting order.
    pub fn in_order(&self) -> Vec<Rc<Element>> {
        in_order(self.elements.values())
    }

    /// The strokes that a round eraser meets on its way from `a` to `b`.
    pub fn touched(&self, a: Point, b: Point, radius: f64) -> Vec<Id> {
        let area = Rect::from_points(a, b).inflate(radius, radius);
        let near = self.within(area).into_iter();
        let is_touched = |stroke: Stroke| paint::is_touched(&stroke, a, b, radius);
        near.filter(|e| e.stroke().is_some_and(is_touched))
            .map(|e| e.id.clone())
            .collect()
    }

    /// The box around everything, if there is anything.
    pub fn bounds(&self) -> Option<Rect> {
        let envelope = self.index.root().envelope();
        let ([x0, y0], [x1, y1]) = (envelope.lower(), envelope.upper());
        (!self.is_empty()).then_some(Rect::new(x0, y0, x1, y1))
    }

    /// Marks a stroke as about to be erased, or no longer; gives the box to paint anew if that is news.
    pub fn fade(&mut self, id: &Id, fade: bool) -> Option<Rect> {
        let element = self.elements.get(id)?;
        if self.is_fading(id) == fade {
            return None;
        }
        match fade {
            true => self.fading.push(id.clone()),
            false => self.fading.retain(|other| other != id),
        }
        Some(element.bounds)
    }

    pub fn is_fading(&self, id: &Id) -> bool {
        self.fading.contains(id)
    }
}

fn in_order<'a>(elements: impl Iterator<Item = &'a Rc<Element>>) -> Vec<Rc<Element>> {
    let mut elements: Vec<_> = elements.cloned().collect();
    elements.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    elements
}

fn topmost(elements: &HashMap<Id, Rc<Element>>) -> Option<Rc<Element>> {
    let all = elements.values();
    all.max_by(|a, b| a.order().cmp(&b.order())).cloned()
}

fn entry(element: &Element) -> Entry {
    let Rect { x0, y0, x1, y1 } = element.bounds;
    Entry::new(
        Rectangle::from_corners([x0, y0], [x1, y1]),
        element.id.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::{
        super::stroke::{Sample, tests::STYLE},
        *,
    };

    fn line(z: u64, x: f64, y: f64) -> Arc<[u8]> {
        let sample = |dx| Sample {
            at: Point::new(x + dx, y),
            pressure: 0.5,
        };
        let stroke = Stroke {
            style: STYLE,
            z,
            simulate_pressure: true,
            samples: vec![sample(0.0), sample(50.0)],
        };
        stroke.to_bytes(3).unwrap().into()
    }

    fn id(n: u64) -> Id {
        Id::parse(&n.to_string()).unwrap()
    }

    #[test]
    fn the_index_finds_what_a_scan_finds_in_painting_order() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut scene =
            Scene::of((0..200).map(|n| (id(n), line(n % 7, rng.f64() * 1e3, rng.f64() * 1e3))));
        for n in 200..400 {
            scene.insert(id(n), line(n % 5, rng.f64() * 1e3, rng.f64() * 1e3));
        }
        for n in (0..400).step_by(3) {
            assert!(scene.remove(&id(n)).is_some());
        }
        for _ in 0..50 {
            let at = Point::new(rng.f64() * 1e3, rng.f64() * 1e3);
            let area = Rect::from_points(at, at).inflate(80.0, 60.0);
            let mut scanned: Vec<_> = scene
                .elements
                .values()
                .filter(|e| e.bounds.overlaps(area))
                .map(|e| (e.z, e.id.clone()))
                .collect();
            scanned.sort();
            let found: Vec<_> = scene
                .within(area)
                .iter()
                .map(|e| (e.z, e.id.clone()))
                .collect();
            assert_eq!(found, scanned);
        }
        assert_eq!(scene.in_order().len(), scene.len());
    }

    #[test]
    fn the_top_and_the_next_z_are_known() {
        let mut scene = Scene::default();
        assert_eq!(scene.next_z(), 1);
        let top = scene.insert(id(1), line(5, 0.0, 0.0)).unwrap();
        scene.insert(id(2), line(4, 0.0, 0.0)).unwrap();
        assert_eq!(scene.top().unwrap().id, top.id);
        assert_eq!(scene.next_z(), 6);
        let highest = scene.insert(id(3), line(u64::MAX, 0.0, 0.0));
        assert_eq!(highest.unwrap().z, u64::MAX);
        assert_eq!(scene.next_z(), u64::MAX);
    }

    #[test]
    fn outlines_are_kept_while_they_are_few() {
        let mut scene = Scene::default();
        let first = scene.insert(id(1), line(1, 0.0, 0.0)).unwrap();
        assert!(matches!(first.fill(), Some(Cow::Borrowed(_))));
        let Outlines(left) = scene.outlines.clone();
        assert!(left.get() < OUTLINE_POINTS);
        left.set(3);
        let second = scene.insert(id(2), line(2, 0.0, 0.0)).unwrap();
        assert!(matches!(second.fill(), Some(Cow::Owned(_))));
        let points = first.fill().unwrap().outline.len();
        scene.remove(&id(1));
        drop(first);
        assert_eq!(left.get(), points + 3);
        assert!(matches!(second.fill(), Some(Cow::Borrowed(_))));
        assert!(scene.insert(id(3), Arc::new([9, 9])).is_none(), "no stroke");
    }

    #[test]
    fn fading_marks_until_erased() {
        let mut scene = Scene::default();
        scene.insert(id(1), line(1, 0.0, 0.0));
        assert!(scene.fade(&id(1), true).is_some());
        assert!(scene.fade(&id(1), true).is_none());
        assert!(scene.is_fading(&id(1)));
        scene.remove(&id(1));
        assert!(!scene.is_fading(&id(1)));
        assert_eq!(scene.bounds(), None);
    }
}
