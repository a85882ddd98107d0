//! All dry strokes, found by place: an R-tree over their boxes, painted in z-order.

use std::{cell::OnceCell, collections::HashMap, rc::Rc};

use kurbo::{Point, Rect};
use rstar::{AABB, RTree, primitives::GeomWithData, primitives::Rectangle};

use super::{
    paint::{self, Fill},
    stroke::Stroke,
};
use crate::core::doc::schema::Id;

#[derive(Debug)]
pub struct Element {
    pub id: Id,
    pub stroke: Stroke,
    /// Holds all of its paint.
    pub bounds: Rect,
    fill: OnceCell<Fill>,
}

impl Element {
    /// The outline, worked out when first painted.
    pub fn fill(&self) -> &Fill {
        self.fill.get_or_init(|| paint::fill(&self.stroke, true))
    }

    fn order(&self) -> (u64, &Id) {
        (self.stroke.z, &self.id)
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
}

impl Scene {
    /// Everything at once: the R-tree is packed, which is faster and better than one by one.
    pub fn of(strokes: impl IntoIterator<Item = (Id, Stroke)>) -> Self {
        let elements: HashMap<Id, Rc<Element>> = strokes
            .into_iter()
            .map(|(id, stroke)| (id.clone(), Rc::new(element(id, stroke))))
            .collect();
        Self {
            top: topmost(&elements),
            index: RTree::bulk_load(elements.values().map(|e| entry(e)).collect()),
            elements,
            fading: Vec::new(),
        }
    }

    /// Puts a stroke in, in place of one with the same id.
    pub fn insert(&mut self, id: Id, stroke: Stroke) -> Rc<Element> {
        self.remove(&id);
        let element = Rc::new(element(id.clone(), stroke));
        self.index.insert(entry(&element));
        if self.is_on_top(&element) {
            self.top = Some(Rc::clone(&element));
        }
        self.elements.insert(id, Rc::clone(&element));
        element
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

    /// Whether nothing is painted over this element.
    pub fn is_on_top(&self, element: &Element) -> bool {
        self.top
            .as_ref()
            .is_none_or(|top| top.order() <= element.order())
    }

    /// The z of the next stroke.
    pub fn next_z(&self) -> u64 {
        self.top
            .as_ref()
            .map_or(1, |top| top.stroke.z.saturating_add(1))
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
        near.filter(|e| paint::is_touched(&e.stroke, a, b, radius))
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

fn element(id: Id, stroke: Stroke) -> Element {
    Element {
        id,
        bounds: paint::bounds(&stroke),
        stroke,
        fill: OnceCell::new(),
    }
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

    fn line(z: u64, x: f64, y: f64) -> Stroke {
        let sample = |dx| Sample {
            at: Point::new(x + dx, y),
            pressure: 0.5,
        };
        Stroke {
            style: STYLE,
            z,
            simulate_pressure: true,
            samples: vec![sample(0.0), sample(50.0)],
        }
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
                .map(|e| (e.stroke.z, e.id.clone()))
                .collect();
            scanned.sort();
            let found: Vec<_> = scene
                .within(area)
                .iter()
                .map(|e| (e.stroke.z, e.id.clone()))
                .collect();
            assert_eq!(found, scanned);
        }
        assert_eq!(scene.in_order().len(), scene.len());
    }

    #[test]
    fn the_top_and_the_next_z_are_known() {
        let mut scene = Scene::default();
        assert_eq!(scene.next_z(), 1);
        let top = scene.insert(id(1), line(5, 0.0, 0.0));
        assert!(scene.is_on_top(&top));
        let under = scene.insert(id(2), line(4, 0.0, 0.0));
        assert!(!scene.is_on_top(&under));
        assert_eq!(scene.next_z(), 6);
        assert_eq!(
            scene.insert(id(3), line(u64::MAX, 0.0, 0.0)).stroke.z,
            u64::MAX
        );
        assert_eq!(scene.next_z(), u64::MAX);
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
