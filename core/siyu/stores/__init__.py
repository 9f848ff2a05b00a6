"""Where a brand's tables live, and the engines that compute over them."""
