// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERCZKMLRegistry, ModelCommitment} from "../../contracts/IErc7992.sol";
import {IValidationRegistry} from "../../contracts/IErc8004.sol";

// Registries of the drafts, as far as the tests of the adapters need them: whoever calls first is the owner.

contract ModelRegistry is IERCZKMLRegistry {
    mapping(uint256 modelId => ModelCommitment) private commitments;
    mapping(uint256 modelId => address) private owners;
    mapping(uint256 modelId => bool) private deprecated_;
    uint256 private count;

    error ModelNotFound(uint256 modelId);
    error NotModelOwner(uint256 modelId, address caller);

    function registerModel(ModelCommitment calldata commitment) external returns (uint256 modelId) {
        modelId = ++count;
        (commitments[modelId], owners[modelId]) = (commitment, msg.sender);
    }

    function deprecateModel(uint256 modelId) external {
        if (owners[modelId] != msg.sender) revert NotModelOwner(modelId, msg.sender);
        deprecated_[modelId] = true;
    }

    function getModel(uint256 modelId) external view returns (ModelCommitment memory, bool, address) {
        if (owners[modelId] == address(0)) revert ModelNotFound(modelId);
        return (commitments[modelId], deprecated_[modelId], owners[modelId]);
    }
}

contract ValidationRegistry {
    struct Request {
        address validator;
        uint256 agentId;
        uint8 response;
        bytes32 responseHash;
        string tag;
        uint256 lastUpdate;
    }

    mapping(bytes32 requestHash => Request) private requests;

    function validationRequest(address validator, uint256 agentId, string calldata, bytes32 requestHash) external {
        require(requests[requestHash].validator == address(0), "exists");
        requests[requestHash].validator = validator;
        requests[requestHash].agentId = agentId;
    }

    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata,
        bytes32 responseHash,
        string calldata tag
    ) external {
        Request storage request = requests[requestHash];
        require(response <= 100, "response");
        require(request.validator == msg.sender, "not validator");
        (request.response, request.responseHash, request.tag, request.lastUpdate) =
            (response, responseHash, tag, block.number);
    }

    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (address, uint256, uint8, bytes32, string memory, uint256)
    {
        Request storage request = requests[requestHash];
        require(request.validator != address(0), "unknown");
        return (
            request.validator,
            request.agentId,
            request.response,
            request.responseHash,
            request.tag,
            request.lastUpdate
        );
    }
}
