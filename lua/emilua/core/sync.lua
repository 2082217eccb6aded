-- What the mutex lends to the condition variable: relock(fiber, mutex), unlock(mutex), LOCKED.
return {}
