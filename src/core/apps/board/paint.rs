//! What is painted, as a display list: filled outlines in board units, no pixels.

use std::rc::Rc;

use kurbo::{Point, Rect};
use perfect_freehand::{InputPoint, StrokeOptions, get_stroke};

use super::stroke::Stroke;

/// A painted line is this many times its style's width: Excalidraw's factor, so that files look the same in both.
pub const WIDTH_FACTOR: f64 = 4.25;

/// A closed outline to be filled by the non-zero rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Where the outline's numbers count from: far out on the board they would be too coarse.
    pub origin: Point,
    /// Control points of a closed quadratic spline that passes midway between neighbours; board units.
    pub outline: Rc<[[f32; 2]]>,
    pub color: [u8; 3],
    /// 0 to 1.
    pub alpha: f32,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb {
    MoveTo([f32; 2]),
    LineTo([f32; 2]),
    /// Control point, end point.
    QuadTo([f32; 2], [f32; 2]),
}

/// The outline of a stroke by perfect-freehand, with Excalidraw's settings. `finished` shapes the end.
pub fn fill(stroke: &Stroke, finished: bool) -> Fill {
    let first = stroke.samples.first();
    let origin = first.map_or(Point::ORIGIN, |sample| sample.at.round());
    let points: Vec<InputPoint> = stroke
        .samples
        .iter()
        .map(|sample| {
            let pressure = (!stroke.simulate_pressure).then_some(sample.pressure);
            let at = sample.at - origin;
            InputPoint::Array([at.x, at.y], pressure)
        })
        .collect();
    let options = StrokeOptions {
        size: Some(f64::from(stroke.style.width) * WIDTH_FACTOR),
        thinning: Some(0.6),
        smoothing: Some(0.5),
        streamline: Some(0.5),
        easing: Some(eased),
        simulate_pressure: Some(stroke.simulate_pressure),
        last: Some(finished),
        ..StrokeOptions::default()
    };
    let points = get_stroke(&points, &options);
    let mut outline = Vec::with_capacity(points.len());
    let finite = points
        .into_iter()
        .filter(|[x, y]| x.is_finite() && y.is_finite());
    outline.extend(finite.map(|[x, y]| [x as f32, y as f32]));
    Fill {
        origin,
        outline: outline.into(),
        color: stroke.style.color,
        alpha: f32::from(stroke.style.opacity) / 100.0,
    }
}

/// The sine of a quarter turn times `t`, from 0 to 1, within 4e-6, by its Taylor series: there is one for every sample,
/// and the exact one took a tenth of an outline's time.
fn eased(t: f64) -> f64 {
    let x = t * std::f64::consts::FRAC_PI_2;
    let square = x * x;
    let tail = 1.0 - square / 42.0 * (1.0 - square / 72.0);
    x * (1.0 - square / 6.0 * (1.0 - square / 20.0 * tail))
}

/// The control points of an outline that can be told apart: none is nearer than `gap` to the one before. Where a line
/// turns sharply its outline has a dozen in a pixel.
pub fn thinned(outline: &[[f32; 2]], gap: f32) -> Vec<[f32; 2]> {
    let mut kept = Vec::with_capacity(outline.len());
    for &[x, y] in outline {
        let is_far = |&[a, b]: &[f32; 2]| (a - x).powi(2) + (b - y).powi(2) >= gap * gap;
        if kept.last().is_none_or(is_far) {
            kept.push([x, y]);
        }
    }
    // A dot too small to see is still a dot.
    match kept.len() {
        0..3 => outline.to_vec(),
        _ => kept,
    }
}

/// The outline's path: closed, and smooth to within `tolerance`. A curve that is nearer than that to its chord is a line,
/// which costs half.
pub fn verbs(outline: &[[f32; 2]], tolerance: f32) -> impl Iterator<Item = Verb> {
    let middle = |[ax, ay]: [f32; 2], [bx, by]: [f32; 2]| [(ax + bx) / 2.0, (ay + by) / 2.0];
    let start = match outline {
        [first, .., last] => Some(middle(*last, *first)),
        _ => None,
    };
    let next = outline.iter().cycle().skip(1);
    let mut at = start.unwrap_or_default();
    let steps = outline.iter().zip(next).map(move |(&control, &next)| {
        let (from, to) = (std::mem::replace(&mut at, middle(control, next)), at);
        (from, control, to)
    });
    let curves = steps.map(move |(from, control, to)| {
        // A parabola leaves its chord half as far as its control point does.
        let between = |[ax, ay]: [f32; 2], [bx, by]: [f32; 2]| [bx - ax, by - ay];
        let ([x, y], [a, b]) = (between(from, to), between(from, control));
        match (x * b - y * a).abs() <= 2.0 * tolerance * x.hypot(y) {
            true => Verb::LineTo(to),
            false => Verb::QuadTo(control, to),
        }
    });
    start.map(Verb::MoveTo).into_iter().chain(curves)
}

/// How far a stroke's paint may reach beyond its samples: under full pressure the line's half width comes near the
/// whole size; and a dot is drawn as a line one unit long.
pub fn reach(stroke: &Stroke) -> f64 {
    f64::from(stroke.style.width) * WIDTH_FACTOR + 2.0
}

/// The box that holds all paint of a stroke.
pub fn bounds(stroke: &Stroke) -> Rect {
    let reach = reach(stroke);
    stroke.bounds().inflate(reach, reach)
}

/// A colour as it looks on a dark board: inverted, its hue kept, so that black ink turns near white.
pub fn on_dark([r, g, b]: [u8; 3]) -> [u8; 3] {
    const STRENGTH: f32 = 0.93;
    let invert = |c: u8| {
        let c = f32::from(c) / 255.0;
        STRENGTH * (1.0 - c) + (1.0 - STRENGTH) * c
    };
    let (r, g, b) = (invert(r), invert(g), invert(b));
    // A turn by 180° about the grey axis: the matrix of Filter Effects Module Level 1, §9.6 `hueRotate`.
    let turned = [
        -0.574 * r + 1.43 * g + 0.144 * b,
        0.426 * r + 0.43 * g + 0.144 * b,
        0.426 * r + 1.43 * g - 0.856 * b,
    ];
    turned.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// Whether the segment from `a` to `b` comes within `radius` of the stroke's line.
pub fn is_touched(stroke: &Stroke, a: Point, b: Point, radius: f64) -> bool {
    let near = radius + f64::from(stroke.style.width) * WIDTH_FACTOR / 2.0;
    let near_squared = near * near;
    let mut from = None;
    stroke.samples.iter().any(|sample| {
        let previous = from.replace(sample.at).unwrap_or(sample.at);
        segment_distance_squared((previous, sample.at), (a, b)) <= near_squared
    })
}

fn segment_distance_squared((a, b): (Point, Point), (c, d): (Point, Point)) -> f64 {
    use kurbo::{Line, ParamCurveNearest};
    let (s, t) = (Line::new(a, b), Line::new(c, d));
    let crossing = s.crossing_point(t).is_some_and(|at| {
        let inside = |line: Line| {
            let bounds = Rect::from_points(line.p0, line.p1).inflate(1e-9, 1e-9);
            at.x >= bounds.x0 && at.x <= bounds.x1 && at.y >= bounds.y0 && at.y <= bounds.y1
        };
        inside(s) && inside(t)
    });
    if crossing {
        return 0.0;
    }
    let nearest = |line: Line, at: Point| line.nearest(at, 1e-6).distance_sq;
    [nearest(s, c), nearest(s, d), nearest(t, a), nearest(t, b)]
        .into_iter()
        .filter(|distance| distance.is_finite())
        .fold(f64::INFINITY, f64::min)
        .min((a - c).hypot2())
}

#[cfg(test)]
mod tests {
    use super::{
        super::stroke::{Sample, tests::STYLE},
        *,
    };
    use crate::limits::BOARD_EXTENT;

    fn stroke(points: &[(f64, f64)]) -> Stroke {
        let sample = |&(x, y): &(f64, f64)| Sample {
            at: Point::new(x, y),
            pressure: 0.5,
        };
        Stroke {
            carried: String::new(),
            style: STYLE,
            z: 0,
            simulate_pressure: true,
            samples: points.iter().map(sample).collect(),
        }
    }

    #[test]
    fn the_easing_is_a_sine() {
        for n in 0..=100 {
            let t = f64::from(n) / 100.0;
            assert!((eased(t) - (t * std::f64::consts::FRAC_PI_2).sin()).abs() < 4e-6);
        }
    }

    #[test]
    fn the_outline_stays_inside_the_bounds() {
        let zigzag: Vec<_> = (0..100)
            .map(|i| (f64::from(i) * 5.0, f64::from(i % 2) * 60.0))
            .collect();
        for points in [&[(5.0, 5.0)][..], &[(0.0, 0.0), (100.0, 3.0)], &zigzag] {
            let stroke = stroke(points);
            let (fill, bounds) = (fill(&stroke, true), bounds(&stroke));
            assert!(fill.outline.len() >= 3);
            for &[x, y] in fill.outline.iter() {
                let at = fill.origin + kurbo::Vec2::new(f64::from(x), f64::from(y));
                assert!(bounds.contains(at), "{at} {bounds}");
            }
        }
    }

    #[test]
    fn an_outline_is_the_same_wherever_on_the_board_it_is() {
        let curve: Vec<_> = (0..60)
            .map(|i| (f64::from(i) * 1.5, (f64::from(i) / 7.0).sin() * 20.0))
            .collect();
        let near = fill(&stroke(&curve), true);
        for far in [5e6, -5e6, BOARD_EXTENT - 100.0] {
            let there: Vec<_> = curve.iter().map(|(x, y)| (x + far, y - far)).collect();
            let fill = fill(&stroke(&there), true);
            for ([x, y], [a, b]) in fill.outline.iter().zip(near.outline.iter()) {
                let (dx, dy) = (
                    fill.origin.x - far + f64::from(*x) - near.origin.x - f64::from(*a),
                    fill.origin.y + far + f64::from(*y) - near.origin.y - f64::from(*b),
                );
                // A pixel at the largest zoom is a thirtieth.
                assert!(dx.hypot(dy) < 1.0 / 30.0, "{dx} {dy} at {far}");
            }
        }
    }

    #[test]
    fn a_thinned_outline_stays_within_half_a_gap() {
        let zigzag: Vec<_> = (0..60)
            .map(|i| (f64::from(i) * 2.0, f64::from(i % 2) * 7.0))
            .collect();
        let mut thin = stroke(&zigzag);
        thin.style.width = 1.0;
        let Fill { outline, .. } = fill(&thin, true);
        let gap = 1.0;
        let kept = thinned(&outline, gap);
        assert!(
            kept.len() * 3 < outline.len() * 2,
            "{} of {}",
            kept.len(),
            outline.len()
        );
        for [x, y] in outline.iter() {
            let near = |[a, b]: &[f32; 2]| (a - x).hypot(b - y) < gap;
            assert!(kept.iter().any(near), "{x} {y}");
        }
        assert_eq!(thinned(&outline, 1e9), outline.to_vec(), "a dot");
    }

    #[test]
    fn a_path_is_closed() {
        let outline = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]];
        let path: Vec<_> = verbs(&outline, 0.01).collect();
        let Verb::MoveTo(start) = path[0] else {
            panic!()
        };
        let Verb::QuadTo(_, end) = path[path.len() - 1] else {
            panic!()
        };
        assert_eq!((path.len(), start), (4, end));
        assert_eq!(verbs(&[], 0.01).count(), 0);
    }

    #[test]
    fn what_is_straight_enough_is_a_line() {
        let outline = [[0.0, 0.0], [2.0, 0.1], [4.0, 0.0], [4.0, 4.0]];
        let is_line = |verb: &Verb| matches!(verb, Verb::LineTo(_));
        let lines = |tolerance| verbs(&outline, tolerance).filter(is_line).count();
        // The bend of a tenth leaves its chord by half as much.
        assert_eq!((lines(0.02), lines(0.05)), (0, 1));
        let ends = |tolerance| -> Vec<_> {
            let end = |verb| match verb {
                Verb::MoveTo(at) | Verb::LineTo(at) | Verb::QuadTo(_, at) => at,
            };
            verbs(&outline, tolerance).map(end).collect()
        };
        assert_eq!(ends(0.0), ends(1.0));
    }

    #[test]
    fn the_eraser_touches_lines_it_crosses_or_nears() {
        let line = stroke(&[(0.0, 0.0), (100.0, 0.0)]);
        let touched =
            |ax, ay, bx, by| is_touched(&line, Point::new(ax, ay), Point::new(bx, by), 2.0);
        assert!(touched(50.0, -30.0, 50.0, 30.0));
        assert!(touched(50.0, 5.0, 60.0, 5.0));
        assert!(!touched(50.0, 10.0, 60.0, 10.0));
        assert!(!touched(110.0, 0.0, 120.0, 0.0));
        let dot = stroke(&[(7.0, 7.0)]);
        assert!(is_touched(
            &dot,
            Point::new(8.0, 8.0),
            Point::new(8.0, 8.0),
            1.0
        ));
    }

    #[test]
    fn black_ink_is_light_on_a_dark_board_and_hues_stay() {
        assert!(on_dark([0, 0, 0]).iter().all(|&c| c > 200));
        let [r, g, b] = on_dark([224, 49, 49]);
        assert!(r > g && r > b);
    }
}
