-- Keys that every writing script takes, in this order.
local K_EPOCH, K_SLOT, K_URL, K_WEIGHT, K_STATE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local K_INFO, K_EXPIRES, K_PROCESSED, K_NODES = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local K_NODE_INFO, K_HELD, K_UNREACHABLE, K_HOT, K_EVENTS = KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
