"""The plugins that come with siyu, found by the same entry points as anyone's."""
