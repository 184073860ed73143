"""Jobs become Parquet parts, receipts and manifests."""
