"""How Tencent's platforms call back: signatures, encryption and XML; shared by the entries that are called."""
