//! The twin of linked_list.cc: a Box has one owner by the language's rules; an empty hand is None.
use std::alloc::{alloc, dealloc, handle_alloc_error, Layout};
use std::arch::asm;
use std::cell::{Cell, OnceCell};
use std::collections::LinkedList;
use std::mem::MaybeUninit;

use safecost::{case, input, slice, Context};

input! {
    struct Operation {
        kind: u32,
        position: u32,
        value: u64,
    }

    struct Input {
        operations: *const Operation,
        count: usize,
    }
}

struct Tape {
    operations: Vec<Operation>,
}

impl Context<Input> for Tape {
    fn prepare(input: &Input) -> Self {
        Tape { operations: unsafe { slice(input.operations, input.count) }.to_vec() }
    }
}

/// A singly linked list and a hand that holds one node at most.
trait List {
    fn push(&mut self, value: u64);
    fn take(&mut self, position: u32);
    fn put(&mut self, position: u32);
    fn drop_held(&mut self);
    fn read(&self) -> u64;
    fn sum(&self) -> u64;
    #[inline(always)]
    fn seen(&self, _read: &Operation) -> u64 {
        self.read()
    }
    #[inline(always)]
    fn sum_of(&self, _sum: &Operation) -> u64 {
        self.sum()
    }
}

#[inline(always)]
fn play(tape: &Tape, mut list: impl List) -> u64 {
    let mut digest = 0u64;
    for operation in &tape.operations {
        match operation.kind {
            0 => list.push(operation.value),
            1 => list.take(operation.position),
            2 => list.put(operation.position),
            3 => list.drop_held(),
            4 => digest = digest.wrapping_mul(31).wrapping_add(list.seen(operation)),
            _ => digest = digest.wrapping_mul(31).wrapping_add(list.sum_of(operation)),
        }
    }
    digest
}

/// The tape alone: each operation is read and recognised, and nothing is done.
struct Nothing;

impl List for Nothing {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        unsafe { asm!("/* push {} */", in(reg) value, options(nomem, nostack, preserves_flags)) };
    }
    #[inline(always)]
    fn take(&mut self, position: u32) {
        unsafe {
            asm!("/* take {:e} */", in(reg) position, options(nomem, nostack, preserves_flags))
        };
    }
    #[inline(always)]
    fn put(&mut self, position: u32) {
        unsafe {
            asm!("/* put {:e} */", in(reg) position, options(nomem, nostack, preserves_flags))
        };
    }
    #[inline(always)]
    fn drop_held(&mut self) {
        unsafe { asm!("/* drop */", options(nomem, nostack, preserves_flags)) };
    }
    fn read(&self) -> u64 {
        unreachable!("there is no node")
    }
    fn sum(&self) -> u64 {
        unreachable!("there is no node")
    }
    #[inline(always)]
    fn seen(&self, read: &Operation) -> u64 {
        read.value
    }
    #[inline(always)]
    fn sum_of(&self, sum: &Operation) -> u64 {
        unsafe { asm!("/* sum */", options(nomem, nostack, preserves_flags)) };
        sum.value
    }
}

struct RawNode {
    value: u64,
    next: *mut RawNode,
}

/// A pointer says where a node is, not whose it is, and stays when the node is gone.
struct RawLinks {
    head: *mut RawNode,
    hand: *mut RawNode,
}

impl RawLinks {
    const EMPTY: Self = RawLinks { head: std::ptr::null_mut(), hand: std::ptr::null_mut() };

    #[inline]
    unsafe fn link_at(&mut self, position: u32) -> *mut *mut RawNode {
        let mut link = &raw mut self.head;
        for _ in 0..position {
            link = unsafe { &raw mut (**link).next };
        }
        link
    }
    #[inline]
    unsafe fn take(&mut self, position: u32) {
        unsafe {
            let link = self.link_at(position);
            self.hand = *link;
            *link = (*self.hand).next;
        }
    }
    #[inline]
    unsafe fn put(&mut self, position: u32) {
        unsafe {
            let link = self.link_at(position);
            (*self.hand).next = *link;
            *link = self.hand;
        }
    }
    #[inline]
    unsafe fn sum(&self) -> u64 {
        let mut total = 0;
        let mut node = self.head;
        while !node.is_null() {
            unsafe {
                total += (*node).value;
                node = (*node).next;
            }
        }
        total
    }
}

struct RawList(RawLinks);

impl List for RawList {
    #[inline]
    fn push(&mut self, value: u64) {
        self.0.head = Box::into_raw(Box::new(RawNode { value, next: self.0.head }));
    }
    #[inline]
    fn take(&mut self, position: u32) {
        unsafe { self.0.take(position) };
    }
    #[inline]
    fn put(&mut self, position: u32) {
        unsafe { self.0.put(position) };
    }
    #[inline]
    fn drop_held(&mut self) {
        drop(unsafe { Box::from_raw(self.0.hand) });
    }
    #[inline]
    fn read(&self) -> u64 {
        unsafe { (*self.0.hand).value }
    }
    #[inline]
    fn sum(&self) -> u64 {
        unsafe { self.0.sum() }
    }
}

impl Drop for RawList {
    #[inline]
    fn drop(&mut self) {
        while !self.0.head.is_null() {
            let node = unsafe { Box::from_raw(self.0.head) };
            self.0.head = node.next;
        }
    }
}

/// The same list from a pool: chunks of a KiB, all freed at once, and a list of the nodes that were given back.
struct RawPool {
    links: RawLinks,
    free: *mut RawNode,
    unused: *mut RawNode,
    end: *mut RawNode,
    chunks: *mut RawChunk,
}

struct RawChunk {
    before: *mut RawChunk,
    nodes: [MaybeUninit<RawNode>; CHUNK_NODES],
}

impl RawPool {
    const EMPTY: Self = RawPool {
        links: RawLinks::EMPTY,
        free: std::ptr::null_mut(),
        unused: std::ptr::null_mut(),
        end: std::ptr::null_mut(),
        chunks: std::ptr::null_mut(),
    };

    #[inline]
    fn unused_node(&mut self) -> *mut RawNode {
        unsafe {
            if self.unused == self.end {
                let layout = Layout::new::<RawChunk>();
                let chunk: *mut RawChunk = alloc(layout).cast();
                if chunk.is_null() {
                    handle_alloc_error(layout);
                }
                (*chunk).before = self.chunks;
                self.chunks = chunk;
                self.unused = (&raw mut (*chunk).nodes).cast();
                self.end = self.unused.add(CHUNK_NODES);
            }
            let node = self.unused;
            self.unused = node.add(1);
            node
        }
    }
}

impl List for RawPool {
    #[inline]
    fn push(&mut self, value: u64) {
        let mut node = self.free;
        unsafe {
            if node.is_null() {
                node = self.unused_node();
            } else {
                self.free = (*node).next;
            }
            node.write(RawNode { value, next: self.links.head });
        }
        self.links.head = node;
    }
    #[inline]
    fn take(&mut self, position: u32) {
        unsafe { self.links.take(position) };
    }
    #[inline]
    fn put(&mut self, position: u32) {
        unsafe { self.links.put(position) };
    }
    #[inline]
    fn drop_held(&mut self) {
        unsafe { (*self.links.hand).next = self.free };
        self.free = self.links.hand;
    }
    #[inline]
    fn read(&self) -> u64 {
        unsafe { (*self.links.hand).value }
    }
    #[inline]
    fn sum(&self) -> u64 {
        unsafe { self.links.sum() }
    }
}

impl Drop for RawPool {
    #[inline]
    fn drop(&mut self) {
        while !self.chunks.is_null() {
            unsafe {
                let before = (*self.chunks).before;
                dealloc(self.chunks.cast(), Layout::new::<RawChunk>());
                self.chunks = before;
            }
        }
    }
}

struct BoxNode {
    value: u64,
    next: Option<Box<BoxNode>>,
}

#[derive(Default)]
struct BoxList {
    head: Option<Box<BoxNode>>,
    hand: Option<Box<BoxNode>>,
}

impl BoxList {
    #[inline(always)]
    fn link_at(&mut self, position: u32) -> &mut Option<Box<BoxNode>> {
        let mut link = &mut self.head;
        for _ in 0..position {
            link = &mut link.as_mut().unwrap().next;
        }
        link
    }
}

impl List for BoxList {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        self.head = Some(Box::new(BoxNode { value, next: self.head.take() }));
    }
    #[inline(always)]
    fn take(&mut self, position: u32) {
        let link = self.link_at(position);
        let mut node = link.take().unwrap();
        *link = node.next.take();
        self.hand = Some(node);
    }
    #[inline(always)]
    fn put(&mut self, position: u32) {
        let mut node = self.hand.take().unwrap();
        let link = self.link_at(position);
        node.next = link.take();
        *link = Some(node);
    }
    #[inline(always)]
    fn drop_held(&mut self) {
        self.hand = None;
    }
    #[inline(always)]
    fn read(&self) -> u64 {
        self.hand.as_ref().unwrap().value
    }
    #[inline(always)]
    fn sum(&self) -> u64 {
        let mut total = 0;
        let mut link = &self.head;
        while let Some(node) = link {
            total += node.value;
            link = &node.next;
        }
        total
    }
}

/// One node after the other: left to itself, the first would drop the rest by recursion.
impl Drop for BoxList {
    #[inline(always)]
    fn drop(&mut self) {
        let mut rest = self.head.take();
        while let Some(mut node) = rest {
            rest = node.next.take();
        }
    }
}

const NOWHERE: usize = usize::MAX;

/// Nodes of a pool's first chunk, nearly a KiB; vectors begin with as many.
const CHUNK_NODES: usize = 63;

/// Where the nodes lie of a list whose links are indices. A link is a cell, so that it can be held
/// while another slot is looked at.
trait Slots: Default {
    /// Is a hand that gave its node away left as it is, as in C?
    const KEEPS_HAND: bool = false;
    fn next(&self, slot: usize) -> &Cell<usize>;
    fn value(&self, slot: usize) -> u64;
    fn set_value(&mut self, slot: usize, value: u64);
    fn add(&mut self) -> usize;
}

struct Slot {
    value: u64,
    next: Cell<usize>,
}

struct Arena {
    slots: Vec<Slot>,
}

impl Default for Arena {
    #[inline(always)]
    fn default() -> Self {
        Arena { slots: Vec::with_capacity(CHUNK_NODES) }
    }
}

impl Slots for Arena {
    #[inline(always)]
    fn next(&self, slot: usize) -> &Cell<usize> {
        &self.slots[slot].next
    }
    #[inline(always)]
    fn value(&self, slot: usize) -> u64 {
        self.slots[slot].value
    }
    #[inline(always)]
    fn set_value(&mut self, slot: usize, value: u64) {
        self.slots[slot].value = value;
    }
    #[inline(always)]
    fn add(&mut self) -> usize {
        self.slots.push(Slot { value: 0, next: Cell::new(NOWHERE) });
        self.slots.len() - 1
    }
}

/// A vector for the links and one for the values.
struct Arrays {
    nexts: Vec<Cell<usize>>,
    values: Vec<u64>,
}

impl Default for Arrays {
    #[inline(always)]
    fn default() -> Self {
        Arrays { nexts: Vec::with_capacity(CHUNK_NODES), values: Vec::with_capacity(CHUNK_NODES) }
    }
}

impl Slots for Arrays {
    #[inline(always)]
    fn next(&self, slot: usize) -> &Cell<usize> {
        &self.nexts[slot]
    }
    #[inline(always)]
    fn value(&self, slot: usize) -> u64 {
        self.values[slot]
    }
    #[inline(always)]
    fn set_value(&mut self, slot: usize, value: u64) {
        self.values[slot] = value;
    }
    #[inline(always)]
    fn add(&mut self) -> usize {
        self.nexts.push(Cell::new(NOWHERE));
        self.values.push(0);
        self.values.len() - 1
    }
}

/// The same two, unchecked: links are as blind as pointers are.
#[derive(Default)]
struct RawArena(Arena);

impl Slots for RawArena {
    const KEEPS_HAND: bool = true;
    #[inline]
    fn next(&self, slot: usize) -> &Cell<usize> {
        unsafe { &self.0.slots.get_unchecked(slot).next }
    }
    #[inline]
    fn value(&self, slot: usize) -> u64 {
        unsafe { self.0.slots.get_unchecked(slot).value }
    }
    #[inline]
    fn set_value(&mut self, slot: usize, value: u64) {
        unsafe { self.0.slots.get_unchecked_mut(slot).value = value }
    }
    #[inline]
    fn add(&mut self) -> usize {
        self.0.add()
    }
}

#[derive(Default)]
struct RawArrays(Arrays);

impl Slots for RawArrays {
    const KEEPS_HAND: bool = true;
    #[inline]
    fn next(&self, slot: usize) -> &Cell<usize> {
        unsafe { self.0.nexts.get_unchecked(slot) }
    }
    #[inline]
    fn value(&self, slot: usize) -> u64 {
        unsafe { *self.0.values.get_unchecked(slot) }
    }
    #[inline]
    fn set_value(&mut self, slot: usize, value: u64) {
        unsafe { *self.0.values.get_unchecked_mut(slot) = value }
    }
    #[inline]
    fn add(&mut self) -> usize {
        self.0.add()
    }
}

struct IndexedList<S> {
    slots: S,
    head: Cell<usize>,
    hand: usize,
    free: usize,
}

impl<S: Slots> Default for IndexedList<S> {
    #[inline(always)]
    fn default() -> Self {
        IndexedList { slots: S::default(), head: Cell::new(NOWHERE), hand: NOWHERE, free: NOWHERE }
    }
}

impl<S: Slots> IndexedList<S> {
    #[inline(always)]
    fn link_at(&self, position: u32) -> &Cell<usize> {
        let mut link = &self.head;
        for _ in 0..position {
            link = self.slots.next(link.get());
        }
        link
    }
    #[inline(always)]
    fn empty_hand(&mut self) {
        if !S::KEEPS_HAND {
            self.hand = NOWHERE;
        }
    }
}

impl<S: Slots> List for IndexedList<S> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        let mut slot = self.free;
        if slot == NOWHERE {
            slot = self.slots.add();
        } else {
            self.free = self.slots.next(slot).get();
        }
        self.slots.set_value(slot, value);
        self.slots.next(slot).set(self.head.get());
        self.head.set(slot);
    }
    #[inline(always)]
    fn take(&mut self, position: u32) {
        let link = self.link_at(position);
        let slot = link.get();
        link.set(self.slots.next(slot).get());
        self.hand = slot;
    }
    #[inline(always)]
    fn put(&mut self, position: u32) {
        let link = self.link_at(position);
        self.slots.next(self.hand).set(link.get());
        link.set(self.hand);
        self.empty_hand();
    }
    #[inline(always)]
    fn drop_held(&mut self) {
        self.slots.next(self.hand).set(self.free);
        self.free = self.hand;
        self.empty_hand();
    }
    #[inline(always)]
    fn read(&self) -> u64 {
        self.slots.value(self.hand)
    }
    #[inline(always)]
    fn sum(&self) -> u64 {
        let mut total = 0;
        let mut slot = self.head.get();
        while slot != NOWHERE {
            total += self.slots.value(slot);
            slot = self.slots.next(slot).get();
        }
        total
    }
}

/// A chunk of a pool and the next one, which is twice as large: chunks are dropped by recursion, and
/// so are few. Nodes refer to nodes of the same pool.
struct Chunk<'a> {
    nodes: Vec<PooledNode<'a>>,
    after: OnceCell<Box<Chunk<'a>>>,
}

#[derive(Default)]
struct PooledNode<'a> {
    value: Cell<u64>,
    next: Cell<Link<'a>>,
}

/// Where a link is taken, None is left: one link leads to a node, as with a Box.
type Link<'a> = Option<&'a PooledNode<'a>>;

impl Chunk<'_> {
    #[inline(always)]
    fn of(count: usize) -> Self {
        let nodes = std::iter::repeat_with(PooledNode::default).take(count).collect();
        Chunk { nodes, after: OnceCell::new() }
    }
}

struct PooledList<'a> {
    chunk: &'a Chunk<'a>,
    unused: std::slice::Iter<'a, PooledNode<'a>>,
    head: Cell<Link<'a>>,
    hand: Link<'a>,
    free: Link<'a>,
}

impl<'a> PooledList<'a> {
    #[inline(always)]
    fn new(chunk: &'a Chunk<'a>) -> Self {
        PooledList {
            chunk,
            unused: chunk.nodes.iter(),
            head: Cell::new(None),
            hand: None,
            free: None,
        }
    }
    #[inline(always)]
    fn unused_node(&mut self) -> &'a PooledNode<'a> {
        if self.unused.as_slice().is_empty() {
            let count = 2 * self.chunk.nodes.len();
            self.chunk = self.chunk.after.get_or_init(|| Box::new(Chunk::of(count)));
            self.unused = self.chunk.nodes.iter();
        }
        self.unused.next().unwrap()
    }
    #[inline(always)]
    fn link_at(&self, position: u32) -> &Cell<Link<'a>> {
        let mut link = &self.head;
        for _ in 0..position {
            link = &link.get().unwrap().next;
        }
        link
    }
}

impl List for PooledList<'_> {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        let node = match self.free.take() {
            Some(node) => {
                self.free = node.next.take();
                node
            }
            None => self.unused_node(),
        };
        node.value.set(value);
        node.next.set(self.head.take());
        self.head.set(Some(node));
    }
    #[inline(always)]
    fn take(&mut self, position: u32) {
        let link = self.link_at(position);
        let node = link.take().unwrap();
        link.set(node.next.take());
        self.hand = Some(node);
    }
    #[inline(always)]
    fn put(&mut self, position: u32) {
        let node = self.hand.take().unwrap();
        let link = self.link_at(position);
        node.next.set(link.take());
        link.set(Some(node));
    }
    #[inline(always)]
    fn drop_held(&mut self) {
        let node = self.hand.take().unwrap();
        node.next.set(self.free.take());
        self.free = Some(node);
    }
    #[inline(always)]
    fn read(&self) -> u64 {
        self.hand.unwrap().value.get()
    }
    #[inline(always)]
    fn sum(&self) -> u64 {
        let mut total = 0;
        let mut link = self.head.get();
        while let Some(node) = link {
            total += node.value.get();
            link = node.next.get();
        }
        total
    }
}

/// The library's doubly linked list; splitting and appending move a node without copying it.
#[derive(Default)]
struct LibraryList {
    nodes: LinkedList<u64>,
    hand: LinkedList<u64>,
}

impl List for LibraryList {
    #[inline(always)]
    fn push(&mut self, value: u64) {
        self.nodes.push_front(value);
    }
    #[inline(always)]
    fn take(&mut self, position: u32) {
        let mut from_here = self.nodes.split_off(position as usize);
        let mut rest = from_here.split_off(1);
        self.nodes.append(&mut rest);
        self.hand = from_here;
    }
    #[inline(always)]
    fn put(&mut self, position: u32) {
        let mut rest = self.nodes.split_off(position as usize);
        self.nodes.append(&mut self.hand);
        self.nodes.append(&mut rest);
    }
    #[inline(always)]
    fn drop_held(&mut self) {
        self.hand.clear();
    }
    #[inline(always)]
    fn read(&self) -> u64 {
        *self.hand.front().unwrap()
    }
    #[inline(always)]
    fn sum(&self) -> u64 {
        self.nodes.iter().sum()
    }
}

#[inline(always)]
fn rust_raw_pointer(tape: &mut Tape) -> u64 {
    play(tape, RawList(RawLinks::EMPTY))
}

#[inline(always)]
fn rust_raw_pool(tape: &mut Tape) -> u64 {
    play(tape, RawPool::EMPTY)
}

#[inline(always)]
fn rust_raw_arena(tape: &mut Tape) -> u64 {
    play(tape, IndexedList::<RawArena>::default())
}

#[inline(always)]
fn rust_raw_arrays(tape: &mut Tape) -> u64 {
    play(tape, IndexedList::<RawArrays>::default())
}

#[inline(always)]
fn rust_dispatch_only(tape: &mut Tape) -> u64 {
    play(tape, Nothing)
}

#[inline(always)]
fn rust_box(tape: &mut Tape) -> u64 {
    play(tape, BoxList::default())
}

#[inline(always)]
fn rust_pool(tape: &mut Tape) -> u64 {
    let first = Chunk::of(CHUNK_NODES);
    play(tape, PooledList::new(&first))
}

#[inline(always)]
fn rust_arena(tape: &mut Tape) -> u64 {
    play(tape, IndexedList::<Arena>::default())
}

#[inline(always)]
fn rust_arrays(tape: &mut Tape) -> u64 {
    play(tape, IndexedList::<Arrays>::default())
}

#[inline(always)]
fn rust_linked_list(tape: &mut Tape) -> u64 {
    play(tape, LibraryList::default())
}

case! { Input:
    raw rust_raw_pointer(Tape) "nodes as raw pointers, owned by convention" [ordinary];
    raw rust_raw_pool(Tape) "the same from a pool, which is freed as a whole" as "pool" [ordinary]
        claims { leak: "always" };
    raw rust_raw_arena(Tape) "nodes in a Vec, linked by unchecked index" as "arena" [ordinary]
        claims { leak: "always" };
    raw rust_raw_arrays(Tape) "links in one Vec, values in another, unchecked" as "arrays" [bespoke]
        claims { leak: "always" };
    raw rust_dispatch_only(Tape) "the tape alone, of which nothing is done" [bespoke];
    safe rust_box(Tape) "each link is a Box that owns the node it leads to" [library]
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 take_from_empty: "always" };
    safe rust_pool(Tape) "references to nodes of a pool, one to each" as "pool" [bespoke]
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 take_from_empty: "always" };
    safe rust_arena(Tape) "nodes in a Vec, linked by index, with a free list" as "arena" [ordinary]
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 take_from_empty: "always" };
    safe rust_arrays(Tape) "links in one Vec, values in another, with a free list" as "arrays" [bespoke]
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 take_from_empty: "always" };
    safe rust_linked_list(Tape) "std's LinkedList, nodes moved by splitting and appending" as "doubly_linked" [library]
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 take_from_empty: "always" };
}
