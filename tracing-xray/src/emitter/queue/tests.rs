//! Full, flushed, asleep, closed.

use super::*;
use crate::clock::Timestamp;
use crate::id::{SegmentId, TraceId};
use crate::segment::{Entity, Segment, Subsegment};
use std::sync::Arc;

fn document() -> Document {
    Document::Subsegment {
        trace_id: TraceId::from_parts(1, 1),
        parent_id: SegmentId::from_bits(1),
        subsegment: Box::new(Subsegment {
            namespace: None,
            aws: None,
            sql: None,
            precursor_ids: Vec::new(),
            entity: Entity::start("x".into(), Timestamp::from_micros(1)),
        }),
    }
}

#[test]
fn a_full_queue_refuses_the_newest() {
    let queue = Queue::new(2);
    assert!(queue.push(document()) && queue.push(document()));
    assert!(!queue.push(document()));
    let mut batch = Batch::default();
    assert!(queue.take(&mut batch));
    assert_eq!(batch.documents.len(), 2);
    assert!(!queue.push(document()));
    assert!(queue.done(Fate::Sent));
    assert!(queue.push(document()));
    // One in hand and one that waits are left, and nothing is counted twice.
    queue.close();
    assert!(!queue.done(Fate::Sent));
    let counts = queue.counts();
    assert_eq!((counts.sent, counts.refused, counts.dropped), (1, 0, 4));
}

#[test]
fn the_last_tenth_is_for_segments() {
    let queue = Queue::new(10);
    for _ in 0..9 {
        assert!(queue.push(document()));
    }
    assert!(!queue.push(document()));
    let segment = Segment {
        trace_id: TraceId::from_parts(1, 1),
        parent_id: None,
        origin: None,
        resource_arn: None,
        user: None,
        service: None,
        aws: None,
        entity: Entity::start("x".into(), Timestamp::from_micros(1)),
    };
    assert!(queue.push(Document::Segment(Box::new(segment))));
}

#[test]
fn a_reader_asleep_wakes_for_a_segment_that_stays_open() {
    let queue = Arc::new(Queue::new(2));
    let reader = {
        let queue = queue.clone();
        std::thread::spawn(move || {
            let mut batch = Batch::default();
            assert!(queue.take(&mut batch));
            (batch.due.len(), batch.documents.len())
        })
    };
    while !queue.lock().sleeping {
        std::thread::yield_now();
    }
    let short = Duration::from_millis(1);
    queue.watch(Id::from_u64(1), short, Arc::new(|_, _| None));
    assert_eq!(reader.join().unwrap(), (1, 0));
}

#[test]
fn a_flush_waits_for_the_work_in_hand() {
    let queue = Arc::new(Queue::new(2));
    queue.push(document());
    let mut batch = Batch::default();
    assert!(queue.take(&mut batch));
    assert!(!queue.flush(Duration::from_millis(1)));
    let reader = {
        let queue = queue.clone();
        std::thread::spawn(move || queue.take(&mut Batch::default()))
    };
    assert!(queue.flush(Duration::from_secs(10)));
    queue.close();
    assert!(!reader.join().unwrap());
}

#[test]
fn a_sleeping_reader_is_woken() {
    let queue = Arc::new(Queue::new(2));
    let reader = {
        let queue = queue.clone();
        std::thread::spawn(move || queue.take(&mut Batch::default()))
    };
    while !queue.lock().sleeping {
        std::thread::yield_now();
    }
    assert!(queue.push(document()));
    assert!(reader.join().unwrap());
}
