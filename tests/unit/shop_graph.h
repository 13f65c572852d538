/* shop_graph.h - a made graph (make_graph.h) with one of each: all kinds of names, roots, texts, sizes. */
#ifndef UF_TESTS_UNIT_SHOP_GRAPH_H
#define UF_TESTS_UNIT_SHOP_GRAPH_H

static const char shop_graph[] = "root module shop -> attributes\n"
                                 "root thread MainThread -> frame local 'x' of f() at shop.py:12\n"
                                 "root native code -> orphan 3\n"
                                 "attributes: dict size=232 tracked\n"
                                 "attributes -> name_STORE key 'STORE'\n"
                                 "attributes -> store .STORE\n"
                                 "name_STORE: str preview='STORE'\n"
                                 "store: shop.Store tracked size=48\n"
                                 "store -> sessions ._sessions\n"
                                 "store -> class .__class__\n"
                                 "class: type type static immortal preview=<class/Store>\n"
                                 "sessions: dict size=1000 tracked\n"
                                 "sessions -> k1 key '9f3c'\n"
                                 "sessions -> s1 ['9f3c']\n"
                                 "sessions -> k2 key 5\n"
                                 "sessions -> s1 [5]\n"
                                 "k1: str preview='9f3c'\n"
                                 "k2: int preview=5 refs=70000\n"
                                 "s1: shop.Session tracked size=5000000000 refs=300\n"
                                 "s1 -> list .items\n"
                                 "list: list tracked size=70000\n"
                                 "list -> a [0]\n"
                                 "list -> a [1]\n"
                                 "list -> k1 [2]\n"
                                 "a: tuple tracked\n"
                                 "set: set tracked\n"
                                 "set -> k1 {'9f3c'}\n"
                                 "frame: frame tracked\n"
                                 "frame -> set local 'x' of f() at shop.py:12\n"
                                 "cache: collections.deque bound=10\n"
                                 "cache -> long [0]\n"
                                 "long: str preview='abcdefghijklmnopqrstuvwx...' len=5012\n"
                                 "orphan: bytearray len=77\n";

#endif
