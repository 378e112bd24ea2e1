// Room for frames of coroutines that is used again and again, for programs that open many of them one after another.
//
// A frame that finds no room, or does not fit, comes from the heap. Frames may outlive their pool, whose memory then
// goes with the last of them. One thread at a time.
#ifndef COROUTINES_GENERATOR_FRAMES_H
#define COROUTINES_GENERATOR_FRAMES_H

#include <cstddef>
#include <new>

namespace coroutines {

class FramePool {
 public:
  FramePool(std::size_t rooms, std::size_t bytes)
      : home_(new(::operator new(sizeof(Home) + rooms * size_of(bytes))) Home) {
    home_->bytes = bytes;
    std::byte* place = reinterpret_cast<std::byte*>(home_ + 1);
    for (std::size_t i = 0; i < rooms; ++i, place += size_of(bytes))
      put(new (place) Room{home_, nullptr});
  }
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() {
    home_->abandoned = true;
    end_if_empty(home_);
  }

  void* lend(std::size_t bytes) {
    Room* const room = home_->free;
    if (room == nullptr || bytes > home_->bytes)
      return new (::operator new(sizeof(Room) + bytes)) Room{nullptr, nullptr} + 1;
    home_->free = room->next;
    ++home_->lent;
    return room + 1;
  }
  static void give_back(void* frame) {
    Room* const room = static_cast<Room*>(frame) - 1;
    if (room->home == nullptr) {
      ::operator delete(room);
      return;
    }
    put(room);
    --room->home->lent;
    end_if_empty(room->home);
  }

 private:
  struct Home;
  struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) Room {
    Home* home;  // null: the heap's
    Room* next;
  };
  struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) Home {
    std::size_t bytes = 0;
    std::size_t lent = 0;
    Room* free = nullptr;
    bool abandoned = false;
  };

  static std::size_t size_of(std::size_t bytes) {
    return sizeof(Room) + (bytes + alignof(Room) - 1) / alignof(Room) * alignof(Room);
  }
  static void put(Room* room) {
    room->next = room->home->free;
    room->home->free = room;
  }
  static void end_if_empty(Home* home) {
    if (home->abandoned && home->lent == 0) ::operator delete(home);
  }

  Home* home_;
};

}  // namespace coroutines

#endif
