//! The twin of slot_map.cc: the language knows no stale index, so a generation is as needed as in C++.
use std::arch::asm;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU32, Ordering};

use safecost::{case, drawn, input, slice, Context};

input! {
    struct Operation {
        kind: u32,
        place: u32,
        value: u64,
    }

    struct Input {
        operations: *const Operation,
        count: usize,
        capacity: usize,
    }
}

struct Tape {
    operations: Vec<Operation>,
    capacity: usize,
}

impl Context<Input> for Tape {
    fn prepare(input: &Input) -> Self {
        let operations = unsafe { slice(input.operations, input.count) }.to_vec();
        Tape { operations, capacity: input.capacity }
    }
}

/// Places for handles beyond the capacity.
const SPARE: usize = 4;
const NOWHERE: u32 = u32::MAX;
/// What a look gives whose object is gone, or never was.
const NONE: u64 = u64::MAX;

trait Map {
    type Handle: Clone;
    fn with_capacity(capacity: usize) -> Self;
    fn empty() -> Self::Handle;
    fn insert(&mut self, value: u64) -> Self::Handle;
    fn erase(&mut self, handle: &Self::Handle);
    fn look(&self, handle: &Self::Handle) -> u64;
    fn receive(&self, number: u64) -> Self::Handle;
    #[inline(always)]
    fn seen(&self, handle: &Self::Handle, _look: &Operation) -> u64 {
        self.look(handle)
    }
}

/// `outside` is where a handle comes from that the map has not given out.
#[inline(always)]
fn play_with<M: Map>(tape: &Tape, outside: impl Fn(&M, u64) -> M::Handle) -> u64 {
    let mut map = M::with_capacity(tape.capacity);
    let mut holders = vec![M::empty(); tape.capacity + SPARE];
    // Whoever holds handles is no part of the question, so no idiom pays for it.
    let handles = holders.as_mut_ptr();
    let mut digest = 0u64;
    for operation in &tape.operations {
        let handle = unsafe { &mut *handles.add(operation.place as usize) };
        if operation.kind == 2 {
            digest = digest.wrapping_mul(31).wrapping_add(map.seen(handle, operation));
        } else if operation.kind == 0 {
            *handle = map.insert(operation.value);
        } else if operation.kind == 1 {
            map.erase(handle);
        } else {
            *handle = outside(&map, operation.value);
        }
    }
    digest
}

#[inline(always)]
fn play<M: Map>(tape: &Tape) -> u64 {
    play_with(tape, M::receive)
}

/// Another map of the same type has given the handle out. It has come the same way, so that its handles look like this
/// one's, and has other values.
#[inline(always)]
fn foreign_map<M: Map>(tape: &mut Tape) -> u64 {
    play_with::<M>(tape, |_, _| {
        let mut other = M::with_capacity(tape.capacity);
        let mut handles = vec![M::empty(); tape.capacity + SPARE];
        for operation in &tape.operations {
            let handle = &mut handles[operation.place as usize];
            match operation.kind {
                0 => *handle = other.insert(operation.value + 1),
                1 => other.erase(handle),
                2 => {}
                _ => break,
            }
        }
        std::mem::forget(other); // it lives as long as the map
        handles[tape.capacity].clone()
    })
}

/// It is larger, and the slot behind all that this one has.
#[inline(always)]
fn foreign_index<M: Map>(tape: &mut Tape) -> u64 {
    play_with::<M>(tape, |_, _| {
        let mut other = M::with_capacity(4 * tape.capacity);
        let mut handle = other.insert(0);
        for more in 0..2 * tape.capacity as u64 + drawn(tape.capacity as u64) + 2 {
            handle = other.insert(more);
        }
        std::mem::forget(other);
        handle
    })
}

/// The tape alone: each operation is read and recognised, and nothing is done.
struct Nothing;

impl Map for Nothing {
    type Handle = usize;
    fn with_capacity(_capacity: usize) -> Self {
        Nothing
    }
    fn empty() -> usize {
        0
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> usize {
        unsafe { asm!("/* insert {} */", in(reg) value, options(nomem, nostack, preserves_flags)) };
        0
    }
    #[inline(always)]
    fn erase(&mut self, handle: &usize) {
        unsafe {
            asm!("/* erase {} */", in(reg) *handle, options(nomem, nostack, preserves_flags))
        };
    }
    fn look(&self, _handle: &usize) -> u64 {
        unreachable!("there is no object")
    }
    fn receive(&self, _number: u64) -> usize {
        0
    }
    #[inline(always)]
    fn seen(&self, handle: &usize, look: &Operation) -> u64 {
        unsafe { asm!("/* look {} */", in(reg) *handle, options(nomem, nostack, preserves_flags)) };
        look.value
    }
}

/// A value, or where the next free slot is.
#[derive(Clone, Copy)]
union RawSlot {
    value: u64,
    next: *mut RawSlot,
}

struct RawMap {
    slots: Vec<RawSlot>, // for its memory alone
    used: usize,
    free: *mut RawSlot,
}

impl Map for RawMap {
    type Handle = *mut RawSlot;
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        RawMap { slots: Vec::with_capacity(capacity), used: 0, free: std::ptr::null_mut() }
    }
    #[inline]
    fn empty() -> *mut RawSlot {
        std::ptr::null_mut()
    }
    #[inline]
    fn insert(&mut self, value: u64) -> *mut RawSlot {
        unsafe {
            let mut slot = self.free;
            if !slot.is_null() {
                self.free = (*slot).next;
            } else if self.used < self.slots.capacity() {
                slot = self.slots.as_mut_ptr().add(self.used);
                self.used += 1;
            } else {
                std::process::abort();
            }
            (*slot).value = value;
            slot
        }
    }
    #[inline]
    fn erase(&mut self, handle: &*mut RawSlot) {
        unsafe { (**handle).next = self.free };
        self.free = *handle;
    }
    #[inline]
    fn look(&self, handle: &*mut RawSlot) -> u64 {
        unsafe { (**handle).value }
    }
    #[inline]
    fn receive(&self, number: u64) -> *mut RawSlot {
        unsafe { self.slots.as_ptr().add(number as u32 as usize).cast_mut() }
    }
}

/// The same slab by index: half the size of a pointer, and a base to add.
struct IndexMap(RawMap);

impl Map for IndexMap {
    type Handle = u32;
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        IndexMap(RawMap::with_capacity(capacity))
    }
    #[inline]
    fn empty() -> u32 {
        0
    }
    #[inline]
    fn insert(&mut self, value: u64) -> u32 {
        let slot = self.0.insert(value);
        unsafe { slot.offset_from(self.0.slots.as_ptr()) as u32 }
    }
    #[inline]
    fn erase(&mut self, handle: &u32) {
        let slot = unsafe { self.0.slots.as_mut_ptr().add(*handle as usize) };
        self.0.erase(&slot);
    }
    #[inline]
    fn look(&self, handle: &u32) -> u64 {
        unsafe { (*self.0.slots.as_ptr().add(*handle as usize)).value }
    }
    #[inline]
    fn receive(&self, number: u64) -> u32 {
        number as u32
    }
}

struct Slot {
    value: u64,
    generation: u32,
    next: u32, // free
}

/// A pointer and a generation. It trusts the pointer.
struct CountedMap {
    slots: Vec<Slot>, // for its memory alone
    used: usize,
    free: u32,
}

#[derive(Clone, Copy)]
struct Counted {
    slot: *mut Slot,
    generation: u32,
}

impl Map for CountedMap {
    type Handle = Counted;
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        CountedMap { slots: Vec::with_capacity(capacity), used: 0, free: NOWHERE }
    }
    #[inline]
    fn empty() -> Counted {
        Counted { slot: std::ptr::null_mut(), generation: 0 }
    }
    #[inline]
    fn insert(&mut self, value: u64) -> Counted {
        unsafe {
            let slot;
            if self.free != NOWHERE {
                slot = self.slots.as_mut_ptr().add(self.free as usize);
                self.free = (*slot).next;
            } else {
                if self.used == self.slots.capacity() {
                    std::process::abort();
                }
                slot = self.slots.as_mut_ptr().add(self.used);
                self.used += 1;
                (*slot).generation = 1;
            }
            (*slot).value = value;
            Counted { slot, generation: (*slot).generation }
        }
    }
    #[inline]
    fn erase(&mut self, handle: &Counted) {
        unsafe {
            let slot = handle.slot;
            if (*slot).generation != handle.generation {
                return;
            }
            (*slot).generation = (*slot).generation.wrapping_add(1);
            (*slot).next = self.free;
            self.free = slot.offset_from(self.slots.as_ptr()) as u32;
        }
    }
    #[inline]
    fn look(&self, handle: &Counted) -> u64 {
        let slot = unsafe { &*handle.slot };
        if slot.generation == handle.generation {
            slot.value
        } else {
            NONE
        }
    }
    #[inline]
    fn receive(&self, number: u64) -> Counted {
        let slot = unsafe { self.slots.as_ptr().add(number as u32 as usize).cast_mut() };
        Counted { slot, generation: (number >> 32) as u32 }
    }
}

/// Index and generation as one number, in an array beside the values'. It trusts the index.
struct KeyedMap {
    keys: Vec<u64>,   // for their memory alone, as the values
    values: Vec<u64>, // of a free slot: the next one
    used: usize,
    free: u32,
}

impl KeyedMap {
    const ONE_GENERATION: u64 = 1 << 32;
}

impl Map for KeyedMap {
    type Handle = u64;
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        let (keys, values) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        KeyedMap { keys, values, used: 0, free: NOWHERE }
    }
    #[inline]
    fn empty() -> u64 {
        0
    }
    #[inline]
    fn insert(&mut self, value: u64) -> u64 {
        let (keys, values) = (self.keys.as_mut_ptr(), self.values.as_mut_ptr());
        unsafe {
            let index;
            if self.free != NOWHERE {
                index = self.free as usize;
                self.free = *values.add(index) as u32;
            } else {
                if self.used == self.keys.capacity() {
                    std::process::abort();
                }
                index = self.used;
                self.used += 1;
                *keys.add(index) = Self::ONE_GENERATION | index as u64;
            }
            *values.add(index) = value;
            *keys.add(index)
        }
    }
    #[inline]
    fn erase(&mut self, handle: &u64) {
        let (index, key) = (*handle as u32, *handle);
        unsafe {
            let place = self.keys.as_mut_ptr().add(index as usize);
            if *place != key {
                return;
            }
            *place = key.wrapping_add(Self::ONE_GENERATION);
            *self.values.as_mut_ptr().add(index as usize) = u64::from(self.free);
        }
        self.free = index;
    }
    #[inline]
    fn look(&self, handle: &u64) -> u64 {
        let index = *handle as u32 as usize;
        unsafe {
            if *self.keys.as_ptr().add(index) == *handle {
                *self.values.as_ptr().add(index)
            } else {
                NONE
            }
        }
    }
    #[inline]
    fn receive(&self, number: u64) -> u64 {
        number
    }
}

/// What most programs do: each object from malloc, and a pointer to it in many hands.
struct MallocMap;

impl Map for MallocMap {
    type Handle = *mut u64;
    fn with_capacity(_capacity: usize) -> Self {
        MallocMap
    }
    #[inline]
    fn empty() -> *mut u64 {
        std::ptr::null_mut()
    }
    #[inline]
    fn insert(&mut self, value: u64) -> *mut u64 {
        Box::into_raw(Box::new(value))
    }
    #[inline]
    fn erase(&mut self, handle: &*mut u64) {
        drop(unsafe { Box::from_raw(*handle) });
    }
    #[inline]
    fn look(&self, handle: &*mut u64) -> u64 {
        unsafe { **handle }
    }
    #[inline]
    fn receive(&self, number: u64) -> *mut u64 {
        number as usize as *mut u64
    }
}

#[derive(Clone, Copy)]
struct Key {
    index: u32,
    generation: u32,
}

/// The generation of a slot grows when its object is erased. A wrong index panics, or finds nothing.
struct SlotMap<const PANICS: bool> {
    slots: Vec<Slot>,
    free: u32,
}

impl<const PANICS: bool> Map for SlotMap<PANICS> {
    type Handle = Key;
    #[inline(always)]
    fn with_capacity(capacity: usize) -> Self {
        SlotMap { slots: Vec::with_capacity(capacity), free: NOWHERE }
    }
    #[inline(always)]
    fn empty() -> Key {
        Key { index: NOWHERE, generation: 0 }
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> Key {
        if self.free == NOWHERE {
            self.slots.push(Slot { value, generation: 1, next: NOWHERE });
            return Key { index: self.slots.len() as u32 - 1, generation: 1 };
        }
        let index = self.free;
        let slot = &mut self.slots[index as usize];
        self.free = slot.next;
        slot.value = value;
        Key { index, generation: slot.generation }
    }
    #[inline(always)]
    fn erase(&mut self, handle: &Key) {
        let index = handle.index as usize;
        let found = if PANICS { Some(&mut self.slots[index]) } else { self.slots.get_mut(index) };
        if let Some(slot) = found.filter(|slot| slot.generation == handle.generation) {
            slot.generation = slot.generation.wrapping_add(1);
            slot.next = std::mem::replace(&mut self.free, handle.index);
        }
    }
    #[inline(always)]
    fn look(&self, handle: &Key) -> u64 {
        let index = handle.index as usize;
        let found = if PANICS { Some(&self.slots[index]) } else { self.slots.get(index) };
        found.filter(|slot| slot.generation == handle.generation).map_or(NONE, |slot| slot.value)
    }
    #[inline(always)]
    fn receive(&self, number: u64) -> Key {
        Key { index: number as u32, generation: (number >> 32) as u32 }
    }
}

/// A handle that says of which map it is, too.
struct NumberedMap {
    map: SlotMap<false>,
    number: u32,
}

#[derive(Clone, Copy)]
struct NumberedKey {
    slot: Key,
    map: u32, // 0 is none
}

impl NumberedMap {
    #[inline(always)]
    fn own(&self, handle: &NumberedKey) -> bool {
        handle.map == self.number
    }
}

impl Map for NumberedMap {
    type Handle = NumberedKey;
    #[inline(always)]
    fn with_capacity(capacity: usize) -> Self {
        static LAST_NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        NumberedMap { map: SlotMap::with_capacity(capacity), number }
    }
    #[inline(always)]
    fn empty() -> NumberedKey {
        NumberedKey { slot: SlotMap::<false>::empty(), map: 0 }
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> NumberedKey {
        NumberedKey { slot: self.map.insert(value), map: self.number }
    }
    #[inline(always)]
    fn erase(&mut self, handle: &NumberedKey) {
        if self.own(handle) {
            self.map.erase(&handle.slot);
        }
    }
    #[inline(always)]
    fn look(&self, handle: &NumberedKey) -> u64 {
        if self.own(handle) {
            self.map.look(&handle.slot)
        } else {
            NONE
        }
    }
    #[inline(always)]
    fn receive(&self, number: u64) -> NumberedKey {
        NumberedKey { slot: self.map.receive(number), map: self.number }
    }
}

/// An index and no generation: an erased object is None until another takes its slot.
struct OptionMap {
    slots: Vec<Option<u64>>,
    free: Vec<u32>,
}

impl Map for OptionMap {
    type Handle = u32;
    #[inline(always)]
    fn with_capacity(capacity: usize) -> Self {
        OptionMap { slots: Vec::with_capacity(capacity), free: Vec::with_capacity(capacity) }
    }
    #[inline(always)]
    fn empty() -> u32 {
        NOWHERE
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> u32 {
        let Some(index) = self.free.pop() else {
            self.slots.push(Some(value));
            return self.slots.len() as u32 - 1;
        };
        self.slots[index as usize] = Some(value);
        index
    }
    #[inline(always)]
    fn erase(&mut self, handle: &u32) {
        if self.slots[*handle as usize].take().is_some() {
            self.free.push(*handle);
        }
    }
    #[inline(always)]
    fn look(&self, handle: &u32) -> u64 {
        self.slots[*handle as usize].unwrap_or(NONE)
    }
    #[inline(always)]
    fn receive(&self, number: u64) -> u32 {
        number as u32
    }
}

/// The hash of slot_map.cc: the library's own differs from process to process.
#[derive(Default)]
struct MixedBits(u64);

impl Hasher for MixedBits {
    #[inline(always)]
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("ids are numbers")
    }
    #[inline(always)]
    fn write_u64(&mut self, id: u64) {
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

struct ById {
    objects: HashMap<u64, u64, BuildHasherDefault<MixedBits>>,
    last_id: u64,
}

impl Map for ById {
    type Handle = u64;
    #[inline(always)]
    fn with_capacity(capacity: usize) -> Self {
        ById {
            objects: HashMap::with_capacity_and_hasher(capacity, Default::default()),
            last_id: 0,
        }
    }
    #[inline(always)]
    fn empty() -> u64 {
        0
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> u64 {
        self.last_id += 1;
        self.objects.insert(self.last_id, value);
        self.last_id
    }
    #[inline(always)]
    fn erase(&mut self, handle: &u64) {
        self.objects.remove(handle);
    }
    #[inline(always)]
    fn look(&self, handle: &u64) -> u64 {
        self.objects.get(handle).copied().unwrap_or(NONE)
    }
    #[inline(always)]
    fn receive(&self, number: u64) -> u64 {
        number
    }
}

struct Object {
    value: u64,
    index: u32, // where its owner is
}

struct SharedMap {
    owners: Vec<Option<Rc<Object>>>,
    free: Vec<u32>,
}

impl Map for SharedMap {
    type Handle = Weak<Object>;
    #[inline(always)]
    fn with_capacity(capacity: usize) -> Self {
        SharedMap { owners: Vec::with_capacity(capacity), free: Vec::with_capacity(capacity) }
    }
    #[inline(always)]
    fn empty() -> Weak<Object> {
        Weak::new()
    }
    #[inline(always)]
    fn insert(&mut self, value: u64) -> Weak<Object> {
        let index = self.free.pop().unwrap_or(self.owners.len() as u32);
        let object = Rc::new(Object { value, index });
        let handle = Rc::downgrade(&object);
        if index as usize == self.owners.len() {
            self.owners.push(Some(object));
        } else {
            self.owners[index as usize] = Some(object);
        }
        handle
    }
    #[inline(always)]
    fn erase(&mut self, handle: &Weak<Object>) {
        if let Some(object) = handle.upgrade() {
            self.owners[object.index as usize] = None;
            self.free.push(object.index);
        }
    }
    #[inline(always)]
    fn look(&self, handle: &Weak<Object>) -> u64 {
        handle.upgrade().map_or(NONE, |object| object.value)
    }
    #[inline(always)]
    fn receive(&self, _number: u64) -> Weak<Object> {
        Weak::new()
    }
}

#[inline(always)]
fn rust_raw_pointer(tape: &mut Tape) -> u64 {
    play::<RawMap>(tape)
}

#[inline(always)]
fn rust_raw_index(tape: &mut Tape) -> u64 {
    play::<IndexMap>(tape)
}

#[inline(always)]
fn rust_raw_generation(tape: &mut Tape) -> u64 {
    play::<CountedMap>(tape)
}

#[inline(always)]
fn rust_raw_key(tape: &mut Tape) -> u64 {
    play::<KeyedMap>(tape)
}

#[inline(always)]
fn rust_raw_malloc(tape: &mut Tape) -> u64 {
    play::<MallocMap>(tape)
}

#[inline(always)]
fn rust_dispatch_only(tape: &mut Tape) -> u64 {
    play::<Nothing>(tape)
}

#[inline(always)]
fn rust_generation_index(tape: &mut Tape) -> u64 {
    play::<SlotMap<true>>(tape)
}

#[inline(always)]
fn rust_generation_get(tape: &mut Tape) -> u64 {
    play::<SlotMap<false>>(tape)
}

#[inline(always)]
fn rust_generation_map_id(tape: &mut Tape) -> u64 {
    play::<NumberedMap>(tape)
}

#[inline(always)]
fn rust_option(tape: &mut Tape) -> u64 {
    play::<OptionMap>(tape)
}

#[inline(always)]
fn rust_hash_map(tape: &mut Tape) -> u64 {
    play::<ById>(tape)
}

#[inline(always)]
fn rust_weak(tape: &mut Tape) -> u64 {
    play::<SharedMap>(tape)
}

macro_rules! foreign {
    ($($map:ident: $index:ident, $kind:ty;)+) => { $(
        #[inline(always)]
        fn $map(tape: &mut Tape) -> u64 {
            foreign_map::<$kind>(tape)
        }
        #[inline(always)]
        fn $index(tape: &mut Tape) -> u64 {
            foreign_index::<$kind>(tape)
        }
    )+ };
}
foreign! {
    foreign_raw_pointer_map: foreign_raw_pointer_index, RawMap;
    foreign_raw_index_map: foreign_raw_index_index, IndexMap;
    foreign_raw_generation_map: foreign_raw_generation_index, CountedMap;
    foreign_raw_key_map: foreign_raw_key_index, KeyedMap;
    foreign_raw_malloc_map: foreign_raw_malloc_index, MallocMap;
    foreign_generation_index_map: foreign_generation_index_index, SlotMap<true>;
    foreign_generation_get_map: foreign_generation_get_index, SlotMap<false>;
    foreign_generation_map_id_map: foreign_generation_map_id_index, NumberedMap;
    foreign_option_map: foreign_option_index, OptionMap;
    foreign_weak_map: foreign_weak_index, SharedMap;
}

/// An id is a number, whichever map gave it out, so the timed function itself is given a tape with it. Compiled twice,
/// an insertion would not be inlined where it is timed.
fn foreign_id(tape: &Tape, id: u64) -> u64 {
    let mut foreign = Tape { operations: tape.operations.clone(), capacity: tape.capacity };
    foreign.operations.iter_mut().filter(|it| it.kind == 3).for_each(|it| it.value = id);
    exported::rust_hash_map((&raw mut foreign).cast())
}

#[inline(always)]
fn foreign_hash_map_map(tape: &mut Tape) -> u64 {
    let before = tape.operations.iter().take_while(|operation| operation.kind != 3);
    foreign_id(tape, before.filter(|operation| operation.kind == 0).count() as u64)
}

#[inline(always)]
fn foreign_hash_map_index(tape: &mut Tape) -> u64 {
    foreign_id(tape, 2 * tape.capacity as u64 + drawn(tape.capacity as u64) + 3)
}

case! { Input:
    raw rust_raw_pointer(Tape) "raw pointer into a slab" [ordinary]
        { foreign_map: foreign_raw_pointer_map, foreign_index: foreign_raw_pointer_index };
    raw rust_raw_index(Tape) "index into a slab, which is half as large and as blind" as "index" [ordinary]
        { foreign_map: foreign_raw_index_map, foreign_index: foreign_raw_index_index };
    raw rust_raw_generation(Tape) "raw pointer into a slab, and a generation" as "generation" [ordinary]
        { foreign_map: foreign_raw_generation_map, foreign_index: foreign_raw_generation_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always" };
    raw rust_raw_key(Tape) "index and generation compared as one number" as "generation" [bespoke]
        { foreign_map: foreign_raw_key_map, foreign_index: foreign_raw_key_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always" };
    raw rust_raw_malloc(Tape) "raw pointer from Box::into_raw" as "heap" [ordinary]
        { foreign_map: foreign_raw_malloc_map, foreign_index: foreign_raw_malloc_index };
    raw rust_dispatch_only(Tape) "the tape alone, of which nothing is done" [bespoke]
        { foreign_map: "there is no map", foreign_index: "there is no map" };
    safe rust_generation_index(Tape) "generation, and slice indexing" as "generation" [ordinary]
        { foreign_map: foreign_generation_index_map, foreign_index: foreign_generation_index_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always",
                 never_issued: "always", foreign_index: "always", null_handle: "always" };
    safe rust_generation_get(Tape) "generation, and slice::get" as "generation" [ordinary]
        { foreign_map: foreign_generation_get_map, foreign_index: foreign_generation_get_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always",
                 never_issued: "always", foreign_index: "always", null_handle: "always" };
    safe rust_generation_map_id(Tape) "the same, and the handle names its map" as "generation" [ordinary]
        { foreign_map: foreign_generation_map_id_map, foreign_index: foreign_generation_map_id_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always",
                 never_issued: "always", foreign_map: "always", foreign_index: "always",
                 null_handle: "always" };
    safe rust_option(Tape) "index of an Option, and no generation" as "index" [ordinary]
        { foreign_map: foreign_option_map, foreign_index: foreign_option_index }
        claims { use_after_erase: "always", double_erase: "always", never_issued: "always",
                 foreign_index: "always", null_handle: "always" };
    safe rust_hash_map(Tape) "HashMap by an id that is never used again" as "hash" [library]
        { foreign_map: foreign_hash_map_map, foreign_index: foreign_hash_map_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always",
                 never_issued: "always", null_handle: "always" };
    safe rust_weak(Tape) "Rc owns, Weak::upgrade looks" as "heap" [library]
        { foreign_map: foreign_weak_map, foreign_index: foreign_weak_index }
        claims { use_after_erase: "always", slot_reused: "always", double_erase: "always",
                 never_issued: "always", null_handle: "always" };
}
